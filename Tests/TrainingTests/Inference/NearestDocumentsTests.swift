import Testing

@testable import Training

@Suite struct NearestDocumentsTests {
  private func keys(_ offers: [(key: String, score: Float)], limit: Int) -> [String] {
    var nearest = NearestDocuments(limit: limit)
    for (row, offer) in offers.enumerated() {
      nearest.offer(row, key: offer.key, score: offer.score)
    }
    return nearest.entries.map(\.key)
  }

  @Test(arguments: 1...9)
  func `the best are those that sorting everything gives`(limit: Int) {
    // Few different scores, so that many tie.
    let offers = (0..<200).map { row in
      (key: "k\(row * 37 % 101)", score: Float(row * 53 % 7))
    }
    let sorted = offers.enumerated().sorted { left, right in
      if left.element.score != right.element.score {
        return left.element.score > right.element.score
      }
      if left.element.key != right.element.key { return left.element.key < right.element.key }
      return left.offset < right.offset
    }
    #expect(keys(offers, limit: limit) == sorted.prefix(limit).map(\.element.key))
  }

  @Test func `ties go by the bytes of keys`() {
    let offers = ["é", "b", "B", "a2", "a10", "中"].map { (key: $0, score: Float(1)) }
    #expect(keys(offers, limit: 9) == ["B", "a10", "a2", "b", "é", "中"])
  }

  @Test func `what is not a number is worse than everything`() {
    let offers: [(key: String, score: Float)] = [("n", .nan), ("low", -1), ("lower", -2)]
    #expect(keys(offers, limit: 3) == ["low", "lower", "n"])
    #expect(keys(offers, limit: 2) == ["low", "lower"])
  }
}
