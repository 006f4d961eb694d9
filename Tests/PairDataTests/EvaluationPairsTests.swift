import Testing

@testable import PairData

@Suite struct EvaluationPairsTests {
  private func walk(
    _ pairs: PairSet, batchPairs: Int, tasks: Int = 1
  ) async throws -> [EvaluationBatch] {
    var configuration = try EmojiPairs.configuration(batchPairs: batchPairs)
    configuration.damagePolicy = DamagedPairPolicy(limit: 1)
    configuration.taskCount = tasks
    var walk = EvaluationPairs(
      pairs: pairs, tokenizer: try EmojiPairs.tokenizer(), configuration: configuration)
    var batches: [EvaluationBatch] = []
    while let batch = try await walk.next() { batches.append(batch) }
    return batches
  }

  @Test(arguments: [(147, 1), (50, 2), (1, 1)])
  func `every pair comes once, in order, with all its captions`(
    batchPairs: Int, tasks: Int
  ) async throws {
    let pairs = try EmojiPairs.test()
    let reader = MemberReader(pairs: pairs, selector: try CaptionSelector("zh"))
    let batches = try await walk(pairs, batchPairs: batchPairs, tasks: tasks)
    #expect(batches.flatMap(\.pairIndices) == Array(0..<147))
    let expected = try (0..<147).map { index in
      try reader.contents(of: pairs[index], readingImage: false).get().captions
    }
    #expect(batches.flatMap(\.captions) == expected.flatMap { $0 })
    #expect(
      batches.flatMap(\.partners)
        == expected.enumerated().flatMap { [Int](repeating: $0, count: $1.count) })
    #expect(batches.map(\.tokens.count) == batches.map(\.captions.count))
    #expect(batches.map(\.images.count) == batches.map(\.pairIndices.count))
    #expect(batches.flatMap(\.shards).allSatisfy { $0.hasSuffix("/test.tar") })
  }

  @Test func `damaged pairs take part with neither image nor captions`() async throws {
    let set = try DamagedSet(goodCount: 20)
    let batches = try await walk(set.pairs, batchPairs: 6)
    #expect(batches.flatMap(\.keys) == (0..<20).map { "good\($0)" })
    #expect(batches.flatMap(\.partners) == Array(0..<20))
    #expect(batches.map(\.firstImage).first == 0)
    #expect(batches.flatMap(\.damaged).map(\.key) == DamagedSet.damagedKeys)
  }

  @Test func `too much damage is an error here as well`() async throws {
    let set = try DamagedSet(goodCount: 20)
    var walk = EvaluationPairs(
      pairs: set.pairs, tokenizer: try EmojiPairs.tokenizer(),
      configuration: try EmojiPairs.configuration(batchPairs: 100))
    await #expect(throws: PairDataError.self) { _ = try await walk.next() }
  }
}
