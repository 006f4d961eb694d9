extension RetrievalMetrics {
  /// The figures as `evaluate --json` prints them, keys in fixed order.
  public var json: JSONText {
    .object(jsonMembers)
  }

  /// The same members, to go into a row of `metrics.jsonl`.
  var jsonMembers: [JSONText.Member] {
    [
      ("images", .integer(imageCount)), ("texts", .integer(textCount)),
      ("text_to_image", textToImage.json), ("image_to_text", imageToText.json),
    ]
  }
}

extension RetrievalMetrics.Direction {
  var json: JSONText {
    .object([
      ("recall@1", .number(recallAt1)), ("recall@5", .number(recallAt5)),
      ("recall@10", .number(recallAt10)), ("mean_recall", .number(meanRecall)),
      ("median_rank", .number(medianRank)), ("mean_rank", .number(meanRank)),
    ])
  }

  fileprivate var row: String {
    let recalls = [recallAt1, recallAt5, recallAt10, meanRecall].map {
      "\(FixedText.number(100 * $0, decimals: 2)) %"
    }
    let ranks = [medianRank, meanRank].map { FixedText.number($0, decimals: 1) }
    return (recalls + ranks).map { FixedText.right($0, width: 12) }.joined()
  }
}

extension RetrievalMetrics: CustomStringConvertible {
  /// A table for people, four lines without a line end after the last.
  public var description: String {
    let titles = ["R@1", "R@5", "R@10", "mean recall", "median rank", "mean rank"]
    return """
      \(FixedText.count(imageCount, "image")), \(FixedText.count(textCount, "text"))
                    \(titles.map { FixedText.right($0, width: 12) }.joined())
      text to image \(textToImage.row)
      image to text \(imageToText.row)
      """
  }
}
