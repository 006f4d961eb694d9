/// How well pictures and captions find each other, in both directions.
///
/// A query's rank is that of its best partner, from 1: one more than the wrong candidates that are
/// at least as near, so ties count against it. A text has one partner, its picture; a picture has
/// all its own texts. Equal captions of other pictures are not partners. A similarity that is not
/// a number counts against the query too.
public struct RetrievalMetrics: Sendable, Equatable {
  /// Figures over all queries of one direction.
  public struct Direction: Sendable, Equatable {
    /// Shares of queries, [0, 1], whose rank is at most 1, 5 and 10.
    public let recallAt1: Double
    public let recallAt5: Double
    public let recallAt10: Double
    /// The mean of the middle two where their number is even.
    public let medianRank: Double
    public let meanRank: Double

    /// The mean of the three recalls.
    public var meanRecall: Double { (recallAt1 + recallAt5 + recallAt10) / 3 }
  }

  public let imageCount: Int
  public let textCount: Int
  public let textToImage: Direction
  public let imageToText: Direction

  /// The mean of both directions' mean recalls.
  public var meanRecall: Double { (textToImage.meanRecall + imageToText.meanRecall) / 2 }

  /// - Parameters:
  ///   - textRanks: of each text, the rank of its picture.
  ///   - imageRanks: of each picture that has texts, the rank of its best text.
  ///   - imageCount: all pictures, those without texts included.
  public init(textRanks: [Int], imageRanks: [Int], imageCount: Int) {
    self.imageCount = imageCount
    textCount = textRanks.count
    textToImage = Direction(ranks: textRanks)
    imageToText = Direction(ranks: imageRanks)
  }

  /// The figure that a recipe chooses the best checkpoint by.
  public func value(of figure: RetrievalFigure) -> Double {
    switch figure {
    case .meanRecall: meanRecall
    case .textToImageRecallAt1: textToImage.recallAt1
    case .textToImageRecallAt5: textToImage.recallAt5
    case .textToImageRecallAt10: textToImage.recallAt10
    case .textToImageMeanRecall: textToImage.meanRecall
    case .textToImageMedianRank: textToImage.medianRank
    case .textToImageMeanRank: textToImage.meanRank
    case .imageToTextRecallAt1: imageToText.recallAt1
    case .imageToTextRecallAt5: imageToText.recallAt5
    case .imageToTextRecallAt10: imageToText.recallAt10
    case .imageToTextMeanRecall: imageToText.meanRecall
    case .imageToTextMedianRank: imageToText.medianRank
    case .imageToTextMeanRank: imageToText.meanRank
    }
  }
}

extension RetrievalMetrics.Direction {
  /// Figures of ranks from 1; all 0 without queries.
  init(ranks: [Int]) {
    let count = ranks.count
    guard count > 0 else {
      (recallAt1, recallAt5, recallAt10, medianRank, meanRank) = (0, 0, 0, 0, 0)
      return
    }
    let share = { (limit: Int) in
      Double(ranks.count { $0 <= limit }) / Double(count)
    }
    recallAt1 = share(1)
    recallAt5 = share(5)
    recallAt10 = share(10)
    let sorted = ranks.sorted()
    medianRank = Double(sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    meanRank = ranks.reduce(0) { $0 + Double($1) } / Double(count)
  }
}
