import FileTestSupport
import Testing

@testable import PairData

@Suite struct DamagedPairTests {
  private func loader(
    _ pairs: PairSet, batchPairs: Int, limit: Double, tasks: Int = 1, shuffled: Bool = true,
    known: [DamagedPair] = []
  ) throws -> BatchLoader {
    var configuration = try EmojiPairs.configuration(batchPairs: batchPairs)
    configuration.damagePolicy = DamagedPairPolicy(limit: limit)
    configuration.taskCount = tasks
    configuration.isShuffled = shuffled
    return BatchLoader(
      pairs: pairs, tokenizer: try EmojiPairs.tokenizer(), configuration: configuration,
      knownDamage: known)
  }

  @Test func `damaged pairs are named and left out, the others keep their order`() async throws {
    let set = try DamagedSet(goodCount: 40)
    #expect(set.pairs.count == 48)
    let loader = try loader(set.pairs, batchPairs: 8, limit: 1)
    let order = ShuffleOrder(count: 48, seed: 7, epoch: 0)
    let good = (0..<48).map { order[$0] }.filter { set.pairs[$0].key.hasPrefix("good") }
    var (cursor, pairs, damaged) = (DataCursor.start, [Int](), [DamagedPair]())
    for _ in 0..<5 {
      let batch = try await loader.batch(from: cursor)
      #expect(batch.count == 8)
      let (before, after) = (batch.cursorBefore, batch.cursorAfter)
      #expect(
        48 * (after.epoch - before.epoch) + after.position - before.position
          == 8 + batch.damaged.count)
      pairs += batch.pairIndices
      damaged += batch.damaged
      cursor = batch.cursorAfter
    }
    #expect(pairs == good)
    // One may lie behind the last good pair of the epoch.
    #expect(damaged.count >= 7)
    let reasons = Dictionary(uniqueKeysWithValues: damaged.map { ($0.key, $0.reason) })
    for (key, reason) in reasons {
      switch (key, reason) {
      case ("noimage", .missingImage), ("nocaption", .missingCaption), ("empty", .emptyCaption),
        ("gbk", .malformedJSON), ("notimage", .unreadableImage),
        ("nofield", .missingField("zh", _)),
        ("badjson", .malformedJSON), ("number", .fieldNotText("zh")):
        break
      default: Issue.record("\(key): \(reason)")
      }
    }
    for pair in damaged {
      #expect(pair.byteOffset == set.pairs[pair.pair].members.firstOffset)
      #expect(pair.description.contains("`\(pair.key)`, byte \(pair.byteOffset): "))
    }
  }

  @Test func `the damage is the same with one task or many, and known damage changes nothing`()
    async throws
  {
    let set = try DamagedSet(goodCount: 40)
    func run(_ loader: BatchLoader) async throws -> [BatchContents] {
      var (cursor, found) = (DataCursor.start, [BatchContents]())
      for _ in 0..<9 {
        let batch = try await loader.batch(from: cursor)
        found.append(BatchContents(batch))
        cursor = batch.cursorAfter
      }
      return found
    }
    let expected = try await run(loader(set.pairs, batchPairs: 9, limit: 1))
    #expect(try await run(loader(set.pairs, batchPairs: 9, limit: 1, tasks: 4)) == expected)
    let known = expected.flatMap(\.damaged)
    #expect(try await run(loader(set.pairs, batchPairs: 9, limit: 1, known: known)) == expected)
    // Resumed in the middle, the same pairs are skipped.
    let second = try loader(set.pairs, batchPairs: 9, limit: 1)
    #expect(
      BatchContents(try await second.batch(from: expected[3].cursors[1])) == expected[4])
  }

  @Test func `a batch goes on behind the damaged end of an epoch`() async throws {
    let set = try DamagedSet(goodCount: 9)
    let loader = try loader(set.pairs, batchPairs: 5, limit: 1, shuffled: false)
    let first = try await loader.batch(from: .start)
    let second = try await loader.batch(from: first.cursorAfter)
    #expect(second.epoch == 0 && second.cursorAfter.epoch == 1)
    #expect(second.pairIndices.last == first.pairIndices.first)
    #expect(first.damaged.count + second.damaged.count >= 8)
    await #expect(throws: PairDataError.tooFewPairs(readable: 9, batch: 10)) {
      _ = try await self.loader(set.pairs, batchPairs: 10, limit: 1).batch(from: .start)
    }
  }

  @Test func `too much damage stops the run and names the first ones`() async throws {
    let set = try DamagedSet(goodCount: 92)
    #expect(set.pairs.count == 100)
    for (limit, allowed) in [(0.0, 0), (0.03, 3), (0.08, 8)] {
      let prefetcher = try Prefetcher(
        loader(set.pairs, batchPairs: 4, limit: limit, shuffled: false))
      var batches = 0
      do {
        while batches < 60 {
          _ = try await prefetcher.next()
          batches += 1
        }
        #expect(allowed == 8)
      } catch {
        guard case .tooManyDamagedPairs(let damaged, 100, limit, let first) = error else {
          Issue.record("\(error)")
          continue
        }
        #expect(allowed < 8)
        #expect(damaged > allowed && damaged <= allowed + 4)
        #expect(first.first?.key == "noimage")
        #expect(error.description.contains("pair `noimage`"))
      }
      let damaged = await prefetcher.damaged
      #expect(damaged.count <= 8)
    }
  }

  @Test func `a pair is counted once however often it is met`() throws {
    let pair = { (index: Int) in
      DamagedPair(pair: index, shard: "s", key: "k", byteOffset: 0, reason: .missingImage)
    }
    var ledger = DamageLedger(policy: DamagedPairPolicy(limit: 0.02), pairCount: 100)
    for _ in 0..<5 { #expect(throws: Never.self) { try ledger.record([pair(3), pair(4)]) } }
    #expect(ledger.pairs.map(\.pair) == [3, 4])
    #expect(throws: PairDataError.self) { try ledger.record([pair(5)]) }
  }

  @Test func `a field that no pair has is an error of the recipe, not damage`() async throws {
    func pair(_ index: Int, _ reason: DamagedPair.Reason) -> DamagedPair {
      DamagedPair(pair: index, shard: "s", key: "k", byteOffset: 0, reason: reason)
    }
    let first = pair(0, .missingField("fr", found: ["zh"]))
    let second = pair(1, .missingField("fr", found: ["en", "zh"]))
    var ledger = DamageLedger(policy: DamagedPairPolicy(limit: 0.5), pairCount: 2)
    let error = #expect(throws: PairDataError.self) { try ledger.record([first, second]) }
    #expect(
      error == .missingCaptionField("fr", damaged: 2, read: 2, pairs: 2, found: ["zh", "en"]))
    #expect(
      error?.description.hasPrefix(
        "no pair has a caption field `fr`, and nothing else is wrong with them; fields found: "
          + "`zh`, `en`. ") == true)
    for other in [DamagedPair.Reason.missingImage, .missingField("de", found: [])] {
      var mixed = DamageLedger(policy: DamagedPairPolicy(limit: 0.5), pairCount: 2)
      let error = #expect(throws: PairDataError.self) {
        try mixed.record([first, pair(1, other)])
      }
      guard case .tooManyDamagedPairs? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test(arguments: [
    (1, 0, "the one pair read so far, of 9, has no"),
    (4, 0, "none of the 4 pairs read so far, of 9, has a"),
    (4, 2, "4 of the 6 pairs read so far, of 9, have no"),
    (4, 5, "4 of 9 pairs have no"),
    (1, 8, "1 of 9 pairs has no"), (9, 0, "no pair has a"),
  ])
  func `a field that pairs lack is said of those that were read`(
    damaged: Int, readable: Int, expected: String
  ) throws {
    let pairs = (0..<damaged).map {
      DamagedPair(
        pair: $0, shard: "s", key: "k", byteOffset: 0, reason: .missingField("fr", found: []))
    }
    var ledger = DamageLedger(policy: DamagedPairPolicy(limit: 0), pairCount: 9)
    let error = #expect(throws: PairDataError.self) {
      try ledger.record(pairs, besides: readable)
    }
    #expect(error?.description.hasPrefix("\(expected) caption field `fr`, and nothing") == true)
  }

  @Test func `a loader that finds the wrong field says so at its first batch`() async throws {
    var configuration = try EmojiPairs.configuration(batchPairs: 4)
    configuration.captions = try CaptionSelector("fr")
    let loader = BatchLoader(
      pairs: try EmojiPairs.test(), tokenizer: try EmojiPairs.tokenizer(),
      configuration: configuration)
    let error = await #expect(throws: PairDataError.self) {
      _ = try await loader.batch(from: .start)
    }
    guard case .missingCaptionField("fr", damaged: 4, read: 4, pairs: 147, let found)? = error
    else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found.contains("zh"))
  }

  @Test func `members of absurd size are damage`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      tar([("0.txt", [UInt8](repeating: 0x61, count: (16 << 20) + 1)), ("0.jpg", [1])]),
      to: "a.tar")
    let set = PairSet(shards: [try PairShard(path: path)])
    let reader = MemberReader(pairs: set, selector: .text)
    guard case .failure(let reason) = try reader.contents(of: set[0], readingImage: true) else {
      Issue.record("expected damage")
      return
    }
    #expect(reason == .memberTooLarge(bytes: (16 << 20) + 1, limit: 16 << 20))
  }
}
