import FileTestSupport
import Testing
import Tokenizers

@testable import PairData

@Suite struct BatchLoaderTests {
  private func batches(
    _ count: Int, from cursor: DataCursor = .start, of pairs: PairSet? = nil,
    _ change: (inout LoaderConfiguration) -> Void = { _ in }
  ) async throws -> [BatchContents] {
    var configuration = try EmojiPairs.configuration(batchPairs: 20)
    configuration.damagePolicy = DamagedPairPolicy(limit: 1)
    change(&configuration)
    let loader = BatchLoader(
      pairs: try pairs ?? EmojiPairs.test(), tokenizer: try EmojiPairs.tokenizer(),
      configuration: configuration)
    var (cursor, found) = (cursor, [BatchContents]())
    for _ in 0..<count {
      let batch = try await loader.batch(from: cursor)
      found.append(BatchContents(batch))
      cursor = batch.cursorAfter
    }
    return found
  }

  @Test func `epochs are permutations end to end, cut into batches of one size`() async throws {
    let all = try await batches(15)
    #expect(all.map(\.epoch) == [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    #expect(
      all[7].cursors == [DataCursor(epoch: 0, position: 140), DataCursor(epoch: 1, position: 13)])
    #expect(all[14].cursors[1] == DataCursor(epoch: 2, position: 6))
    let orders = (0...2).flatMap { epoch in
      let order = ShuffleOrder(count: 147, seed: 7, epoch: epoch)
      return (0..<147).map { order[$0] }
    }
    #expect(all.flatMap(\.pairs) == Array(orders[..<300]))
    #expect(orders[..<147] != orders[147..<294])
  }

  @Test func `a view is drawn for each pair and epoch, and moves no other draw`() async throws {
    let plain = try await batches(15)
    let drawn = try await batches(15) { $0.viewCount = 3 }
    #expect(plain.flatMap(\.views).allSatisfy { $0 == 0 })
    #expect(
      drawn.map(\.pairs) == plain.map(\.pairs) && drawn.map(\.captions) == plain.map(\.captions))
    let (pairs, views) = (drawn.flatMap(\.pairs), drawn.flatMap(\.views))
    for view in 0..<3 { #expect((70...130).contains(views.count { $0 == view })) }
    let first = Dictionary(zip(pairs[..<147], views[..<147])) { $1 }
    let second = Dictionary(zip(pairs[147..<294], views[147..<294])) { $1 }
    #expect((70...125).contains((0..<147).count { first[$0] != second[$0] }))
    let rest = try await batches(5, from: DataCursor(epoch: 1, position: 13)) { $0.viewCount = 3 }
    #expect(rest.map(\.views) == drawn[8..<13].map(\.views))
  }

  @Test func `the place of a drawn caption is its own`() async throws {
    let pairs = try EmojiPairs.test()
    let captions = try await ShardCaptions(
      pairs.shards[0], firstPair: 0, selector: try CaptionSelector("zh"), taskCount: 3)
    #expect(captions.starts.count == 148 && captions.starts.last == captions.texts.count)
    for batch in try await batches(8) {
      let found = zip(batch.pairs, batch.captionIndices).map { pair, place in
        captions.texts[captions.starts[pair] + place]
      }
      #expect(found == batch.captions)
    }
  }

  @Test func `a batch that ends an epoch leaves the next one whole`() async throws {
    let all = try await batches(4) { $0.batchPairs = 49 }
    #expect(all[2].cursors[1] == DataCursor(epoch: 1))
    #expect(all.prefix(3).flatMap(\.pairs).sorted() == Array(0..<147))
    #expect(all[3].epoch == 1)
  }

  @Test func `batches are the same with one task or many, with or without a cache`() async throws {
    let expected = try await batches(15) { $0.cacheBytes = 0 }
    #expect(try await batches(15) { $0.taskCount = 5 } == expected)
    #expect(try await batches(15) { $0.cacheBytes = 1 << 30 } == expected)
    // A cache with room for some of the images.
    #expect(
      try await batches(15) {
        $0.cacheBytes = 400_000
        $0.taskCount = 3
      } == expected)
  }

  @Test func `a crop of the original is the same with or without a cache`() async throws {
    let crop = ImagePreparation(
      size: 16, augmentation: .crop(minimumArea: 0.3, maximumArea: 0.9))
    let run = { (cacheBytes: Int, taskCount: Int) in
      try await batches(9) {
        $0.images = crop
        $0.cacheBytes = cacheBytes
        $0.taskCount = taskCount
      }
    }
    let expected = try await run(0, 1)
    #expect(try await run(1 << 30, 3) == expected)
  }

  @Test(arguments: [1, 6, 7, 9])
  func `a loader that begins at a cursor goes on as if it had never stopped`(
    stop: Int
  ) async throws {
    let unbroken = try await batches(12)
    let rest = try await batches(12 - stop, from: unbroken[stop - 1].cursors[1])
    #expect(rest == Array(unbroken[stop...]))
  }

  @Test func `captions are drawn evenly, differ between epochs and depend on the seed`()
    async throws
  {
    let loader = SampleReader(
      pairs: try EmojiPairs.test(), tokenizer: try EmojiPairs.tokenizer(),
      configuration: try EmojiPairs.configuration(batchPairs: 1), knownDamage: [])
    let all = try loader.members.contents(
      of: loader.members.pairs[2], readingImage: false
    ).get().captions
    try #require(all.count > 2)
    var counts = [Int](repeating: 0, count: all.count)
    for epoch in 0..<(200 * all.count) {
      guard case .sample(let sample) = try loader.trainingSample(pair: 2, epoch: epoch) else {
        Issue.record("pair 2 is readable")
        return
      }
      counts[try #require(all.firstIndex(of: sample.captions[0]))] += 1
    }
    // Within five standard deviations (14) of 200.
    #expect(counts.allSatisfy { abs($0 - 200) < 70 })
    let drawn = try await batches(1) { $0.isShuffled = false }
    let other = try await batches(1) {
      $0.isShuffled = false
      $0.seed = 8
    }
    #expect(drawn[0].pairs == Array(0..<20))
    #expect(other[0].pairs == drawn[0].pairs)
    #expect(other[0].captions != drawn[0].captions)
  }

  @Test func `images are augmented anew for each epoch and pair, by the seed`() async throws {
    let pixels = { (seed: UInt64, epoch: Int) async throws -> [[Float]] in
      let batch = try await batches(1, from: DataCursor(epoch: epoch)) {
        $0.isShuffled = false
        $0.seed = seed
      }[0]
      let size = batch.pixels.count / batch.pairs.count
      return batch.pairs.indices.map { Array(batch.pixels[($0 * size)..<(($0 + 1) * size)]) }
    }
    let first = try await pixels(7, 0)
    #expect(try await pixels(7, 0) == first)
    for (seed, epoch) in [(7, 1), (8, 0)] as [(UInt64, Int)] {
      let other = try await pixels(seed, epoch)
      // Most of twenty images differ; some draw the same augmentation by chance.
      #expect(zip(first, other).count { $0 != $1 } > 10)
    }
  }

  @Test func `tokens are packed end to end`() async throws {
    let configuration = try EmojiPairs.configuration(batchPairs: 20)
    let tokenizer = try EmojiPairs.tokenizer()
    let batch = try await batches(1) { $0.contextLength = 5 }[0]
    let texts = batch.captions.map { tokenizer.encode($0, contextLength: 5) }
    #expect(batch.tokens.ids == texts.flatMap(\.ids))
    #expect(batch.tokens.offsets.count == 21)
    #expect(batch.tokens.positions == texts.flatMap { (0..<Int32($0.ids.count)) })
    #expect(batch.tokens.truncatedCount == texts.count(where: \.isTruncated))
    #expect(batch.tokens.truncatedCount > 0)
    for (index, text) in texts.enumerated() {
      let (start, end) = (batch.tokens.offsets[index], batch.tokens.offsets[index + 1])
      #expect(Array(batch.tokens.ids[Int(start)..<Int(end)]) == text.ids)
    }
    #expect(configuration.contextLength == 16)
  }

  @Test func `equal captions and equal images share a group`() async throws {
    let folder = try TemporaryFolder()
    let source = try EmojiPairs.test()
    let file = try source.shards[0].open()
    let images = try [0, 1].map { index in
      let extent = try #require(source[index].members.image)
      return try file.bytes(at: extent.offset, count: Int(extent.size))
    }
    // The last two captions look alike but differ in bytes: a letter with its accent in one or two.
    let plan: [(image: Int, text: String)] = [
      (0, "a"), (1, "b"), (0, "b"), (1, "\u{E9}"), (1, "e\u{301}"),
    ]
    let members = plan.enumerated().flatMap { index, pair in
      [("\(index).png", images[pair.image]), ("\(index).txt", Array(pair.text.utf8))]
    }
    let set = PairSet(shards: [try PairShard(path: folder.write(tar(members), to: "a.tar"))])
    for images in [try EmojiPairs.configuration(batchPairs: 5).images, nil] {
      let batch = try await batches(1, of: set) {
        $0.batchPairs = 5
        $0.captions = .text
        $0.isShuffled = false
        $0.images = images
      }[0]
      #expect(batch.groups == [[0, 1, 1, 2, 3], [0, 1, 0, 1, 1]])
      #expect(batch.pixels.isEmpty == (images == nil))
    }
  }

  @Test func `pixels of a range are those of the whole batch`() async throws {
    let loader = BatchLoader(
      pairs: try EmojiPairs.test(), tokenizer: try EmojiPairs.tokenizer(),
      configuration: try EmojiPairs.configuration(batchPairs: 4))
    let images = try await loader.batch(from: .start).images
    #expect(images.count == 4)
    let all = images.pixels
    #expect(all.count == 4 * images.floatsPerImage)
    #expect(
      images.pixels(1..<3) == Array(all[images.floatsPerImage..<(3 * images.floatsPerImage)]))
  }

  @Test func `a set smaller than a batch is an error`() async throws {
    await #expect(throws: PairDataError.tooFewPairs(readable: 147, batch: 148)) {
      _ = try await batches(1) { $0.batchPairs = 148 }
    }
  }
}
