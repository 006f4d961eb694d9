import CPUDevice
import Testing

@testable import Training

@Suite struct RetrievalMetricsTests {
  /// Ranks by the definition, from the whole table of similarities.
  private func plainRanks(_ table: [[Float]], imageCount: Int, partners: [Int]) -> RetrievalPair {
    let texts = partners.enumerated().map { text, image in
      1 + (0..<imageCount).count { $0 != image && table[text][$0] >= table[text][image] }
    }
    let images = (0..<imageCount).filter(partners.contains).map { image in
      let own =
        partners.indices.filter { partners[$0] == image }.map { table[$0][image] }.max() ?? 0
      return 1 + partners.indices.count { partners[$0] != image && table[$0][image] >= own }
    }
    return RetrievalPair(texts: texts, images: images)
  }

  struct RetrievalPair: Equatable {
    let texts: [Int]
    let images: [Int]
  }

  @Test(arguments: [1, 2, 3, 5, 64]) func `blocks of any size give the plain ranks`(rows: Int) {
    var random = SplitMix(state: 11)
    let partners = (0..<23).map { _ in Int.random(in: 0..<9, using: &random) }
    // Few values, so that there are ties.
    let table = partners.map { _ in
      (0..<9).map { _ in Float(Int.random(in: 0...5, using: &random)) }
    }
    let ranks = RetrievalRanks(imageCount: 9, partners: partners, blockRows: rows) {
      texts, images, result in
      #expect(result.count <= rows * rows)
      for (line, text) in texts.enumerated() {
        for (column, image) in images.enumerated() {
          result[line * images.count + column] = table[text][image]
        }
      }
    }
    let expected = plainRanks(table, imageCount: 9, partners: partners)
    #expect(RetrievalPair(texts: ranks.textRanks, images: ranks.imageRanks) == expected)
  }

  @Test func `perfect embeddings have rank one and ties count against the hit`() {
    let unit: [Float] = [1, 0, 0, 1]
    let perfect = RetrievalRanks(images: unit, texts: unit, width: 2, partners: [0, 1])
    #expect(perfect.textRanks == [1, 1])
    let tied = RetrievalRanks(
      images: [1, 0, 1, 0], texts: [1, 0, 1, 0], width: 2, partners: [0, 1])
    #expect(tied.textRanks == [2, 2])
    #expect(tied.imageRanks == [2, 2])
  }

  @Test func `a device's products give the ranks of plain loops, ties included`() {
    var random = SplitMix(state: 5)
    let width = 19
    func rows(_ count: Int) -> [[Float]] {
      (0..<count).map { _ in (0..<width).map { _ in Float.random(in: -1...1, using: &random) } }
    }
    // Pictures 3 times each: every text ties with two wrong ones.
    let images = rows(101).flatMap { Array(repeating: $0, count: 3) }
    let texts = rows(290)
    let partners = texts.indices.map { $0 }
    let plain = RetrievalRanks(
      images: images.flatMap { $0 }, texts: texts.flatMap { $0 }, width: width,
      partners: partners)
    let threaded = RetrievalRanks(
      images: images.flatMap { $0 }, texts: texts.flatMap { $0 }, width: width,
      partners: partners, on: CPUDevice(threadCount: 2))
    #expect(threaded == plain)
    #expect(threaded.textRanks.allSatisfy { $0 % 3 == 0 })
  }

  @Test func `a picture hits with any of its texts and needs one`() {
    let images: [Float] = [1, 0, 0, 1, 0.6, 0.8]
    let texts: [Float] = [0, -1, 1, 0, 0, 1]
    let ranks = RetrievalRanks(images: images, texts: texts, width: 2, partners: [0, 0, 1])
    #expect(ranks.imageRanks == [1, 1])
    let metrics = RetrievalMetrics(
      textRanks: ranks.textRanks, imageRanks: ranks.imageRanks, imageCount: 3)
    #expect(metrics.imageCount == 3 && metrics.textCount == 3)
    #expect(ranks.textRanks == [1, 1, 1] || ranks.textRanks[1...] == [1, 1])
  }

  @Test func `what is not a number never hits`() {
    let ranks = RetrievalRanks(
      images: [.nan, .nan, 0, 1], texts: [1, 0, 0, 1], width: 2, partners: [0, 1])
    #expect(ranks.textRanks == [2, 2])
    #expect(ranks.imageRanks == [2, 1])
  }

  @Test func `figures follow the contract`() {
    let metrics = RetrievalMetrics(
      textRanks: [1, 4, 6, 20], imageRanks: [1, 2, 11], imageCount: 3)
    #expect(
      metrics.json.line
        == #"{"images": 3, "texts": 4, "text_to_image": {"recall@1": 0.25, "recall@5": 0.5, "#
        + #""recall@10": 0.75, "mean_recall": 0.5, "median_rank": 5, "mean_rank": 7.75}, "#
        + #""image_to_text": {"recall@1": 0.3333333333333333, "recall@5": 0.6666666666666666, "#
        + #""recall@10": 0.6666666666666666, "mean_recall": 0.5555555555555555, "#
        + #""median_rank": 2, "mean_rank": 4.666666666666667}}"#)
    #expect(metrics.value(of: .textToImageRecallAt10) == 0.75)
    #expect(metrics.value(of: .meanRecall) == (0.5 + metrics.imageToText.meanRecall) / 2)
    #expect(!RetrievalFigure.imageToTextMeanRank.isBetterWhenLarger)
  }

  @Test func `the table lines up`() {
    let metrics = RetrievalMetrics(textRanks: [1, 4], imageRanks: [1], imageCount: 1)
    let lines = metrics.description.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines[0] == "1 image, 2 texts")
    #expect(lines[1].count == lines[2].count && lines[2].count == lines[3].count)
    #expect(lines[2].contains("50.00 %") && lines[2].hasSuffix(" 2.5"))
  }

  @Test func `no queries give figures of nothing`() {
    let ranks = RetrievalRanks(images: [], texts: [], width: 2, partners: [])
    let metrics = RetrievalMetrics(
      textRanks: ranks.textRanks, imageRanks: ranks.imageRanks, imageCount: 0)
    #expect(metrics.meanRecall == 0)
  }
}
