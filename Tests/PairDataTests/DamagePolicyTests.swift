import FileTestSupport
import Testing
import Tokenizers

@testable import PairData

/// From broken members in a shard to what a run sees: named, counted, bounded, and resumable.
@Suite struct DamagePolicyTests {
  private func configuration(
    _ selector: String = "txt", limit: Double = 1, batchPairs: Int = 5
  ) throws -> LoaderConfiguration {
    var configuration = try EmojiPairs.configuration(batchPairs: batchPairs)
    configuration.captions = try CaptionSelector(selector)
    configuration.damagePolicy = DamagedPairPolicy(limit: limit)
    return configuration
  }

  /// A set of one shard with these members.
  private func pairs(
    _ members: [(name: String, bytes: [UInt8])], in folder: TemporaryFolder
  ) throws -> PairSet {
    PairSet(shards: [try PairShard(path: try folder.write(tar(members), to: "a.tar"))])
  }

  /// All pairs once, in their own order.
  private func walk(
    _ pairs: PairSet, _ configuration: LoaderConfiguration
  ) async throws -> (batches: [EvaluationBatch], damaged: [DamagedPair]) {
    var walk = EvaluationPairs(
      pairs: pairs, tokenizer: try EmojiPairs.tokenizer(), configuration: configuration)
    var batches: [EvaluationBatch] = []
    while let batch = try await walk.next() { batches.append(batch) }
    return (batches, walk.damaged)
  }

  @Test func `every kind of picture makes a pair, whatever its name ends in`() async throws {
    let folder = try TemporaryFolder()
    var members: [(name: String, bytes: [UInt8])] = []
    let kinds = try ImageFixtures.kinds()
    let endings = ["jpg", "jpeg", "png", "webp"]
    for (number, kind) in kinds.enumerated() {
      members.append(("\(number).\(endings[number % 4])", try kind.bytes()))
      members.append(("\(number).txt", Array("图\(number)".utf8)))
    }
    let (batches, damaged) = try await walk(
      try pairs(members, in: folder), try configuration(batchPairs: 20))
    #expect(damaged.isEmpty)
    #expect(batches.flatMap(\.keys) == kinds.indices.map { "\($0)" })
    #expect(batches.flatMap(\.images.pixels).allSatisfy { $0 > -2 && $0 < 2.2 })
  }

  @Test func `every broken picture is one damaged pair that says why`() async throws {
    let folder = try TemporaryFolder()
    let kinds = try ImageFixtures.kinds()
    func half(_ file: String) throws -> [UInt8] {
      let whole = try #require(kinds.first { $0.file == file }).bytes()
      return Array(whole.prefix(whole.count / 2))
    }
    let broken: [(bytes: [UInt8], problem: String)] = [
      ([], "no bytes"),
      (Array("<html>404</html>".utf8), "begins with 3C 68 74 6D"),
      (try half("jpeg_420.jpg"), "JPEG data are damaged"),
      (try half("jpeg_progressive.jpg"), "JPEG data are damaged"),
      (try half("png_rgb.png"), "PNG data are damaged"),
      (try half("webp_lossy.webp"), "WebP data are damaged"),
      (try ImageFixtures.hostile("declares_60000_x_60000.png"), "60000 x 60000 pixels"),
      (try ImageFixtures.hostile("declares_16384_x_16384.webp"), "16384 x 16384 pixels"),
      (try ImageFixtures.hostile("declares_13000_x_13000_progressive.jpg"), "too short"),
    ]
    let good = try kinds[0].bytes()
    var members: [(name: String, bytes: [UInt8])] = []
    for (number, picture) in broken.enumerated() {
      members += [("bad\(number).jpg", picture.bytes), ("bad\(number).txt", [0x61])]
      members += [("good\(number).jpg", good), ("good\(number).txt", [0x62])]
    }
    let (batches, damaged) = try await walk(try pairs(members, in: folder), try configuration())
    #expect(batches.flatMap(\.keys) == broken.indices.map { "good\($0)" })
    #expect(damaged.map(\.key) == broken.indices.map { "bad\($0)" })
    for (pair, picture) in zip(damaged, broken) {
      guard case .unreadableImage(let message) = pair.reason else {
        Issue.record("\(pair)")
        continue
      }
      #expect(message.contains(picture.problem), "\(message)")
      #expect(pair.description.contains("a.tar: pair `\(pair.key)`, byte "))
    }
  }

  @Test func `an over-long caption is cut and keeps its end, the pair is good`() async throws {
    let folder = try TemporaryFolder()
    let image = try ImageFixtures.kinds()[0].bytes()
    let caption = String(repeating: "猫狗", count: 3000)
    let pairs = try pairs(
      [
        ("long.jpg", image), ("long.txt", Array(caption.utf8)),
        ("short.jpg", image), ("short.txt", Array("猫".utf8)),
      ], in: folder)
    let (batches, damaged) = try await walk(pairs, try configuration())
    #expect(damaged.isEmpty)
    let tokens = try #require(batches.first).tokens
    let tokenizer = try EmojiPairs.tokenizer()
    let long = tokenizer.encode(caption, contextLength: 16).ids
    #expect(long.count == 16)
    #expect(long.first == 101 && long.last == 102)
    #expect(tokens == PackedTokens([caption, "猫"].map { tokenizer.encode($0, contextLength: 16) }))
  }

  @Test func `captions that are empty, not UTF-8 or not there are damage of their pair alone`()
    async throws
  {
    let folder = try TemporaryFolder()
    let image = try ImageFixtures.kinds()[0].bytes()
    let texts: [(key: String, member: String, bytes: [UInt8])] = [
      ("good", "txt", Array("猫".utf8)), ("empty", "txt", []), ("blank", "txt", [0x20, 0x0A]),
      ("gbk", "txt", [0xD6, 0xD0]), ("cut", "txt", [0xE7, 0x8C]),
      ("json", "json", Array(#"{"zh": "猫"}"#.utf8)), ("end", "txt", Array("狗".utf8)),
    ]
    let members = texts.flatMap { text in
      [("\(text.key).jpg", image), ("\(text.key).\(text.member)", text.bytes)]
    }
    let set = try pairs(members, in: folder)
    let (batches, damaged) = try await walk(set, try configuration())
    #expect(batches.flatMap(\.captions) == ["猫", "狗"])
    #expect(damaged.map(\.key) == ["empty", "blank", "gbk", "cut", "json"])
    #expect(
      damaged.map(\.reason)
        == [
          .emptyCaption, .emptyCaption, .captionNotUTF8, .captionNotUTF8,
          .missingField("txt", found: ["zh"]),
        ])
    let fields = try await walk(set, try configuration("en"))
    #expect(
      fields.damaged.map(\.reason).filter { $0 == .missingField("en", found: ["zh"]) }.count == 1)
    #expect(fields.damaged.count == texts.count)
  }

  @Test func `a run resumed behind any batch meets the same batches, damage and end`()
    async throws
  {
    let set = try DamagedSet(goodCount: 40)
    // More than five of the eight damaged pairs are too many.
    let loader = BatchLoader(
      pairs: set.pairs, tokenizer: try EmojiPairs.tokenizer(),
      configuration: try configuration("zh", limit: 5.0 / 48, batchPairs: 3))
    let whole = try await Self.run(loader, from: .start, knownDamage: [])
    try #require(whole.batches.count > 3)
    let end = try #require(whole.error)
    #expect(end.description.contains("damaged pairs among 48, expected at most"))
    for stop in 1...whole.batches.count {
      let seen = whole.batches.prefix(stop)
      let rest = try await Self.run(
        loader, from: seen[stop - 1].cursors[1], knownDamage: seen.flatMap(\.damaged))
      #expect(rest.batches == Array(whole.batches[stop...]))
      #expect(rest.error == end)
    }
  }

  /// The batches up to the error, at most forty.
  private static func run(
    _ loader: BatchLoader, from cursor: DataCursor, knownDamage: [DamagedPair]
  ) async throws -> (batches: [BatchContents], error: PairDataError?) {
    let prefetcher = try Prefetcher(loader, from: cursor, knownDamage: knownDamage)
    var batches: [BatchContents] = []
    do throws(PairDataError) {
      while batches.count < 40 { batches.append(BatchContents(try await prefetcher.next())) }
      return (batches, nil)
    } catch {
      return (batches, error)
    }
  }

  @Test func `the limit is a share that may be reached but not passed`() {
    let standard = DamagedPairPolicy()
    #expect(!standard.isExceeded(damaged: 1, of: 100))
    #expect(standard.isExceeded(damaged: 2, of: 100))
    #expect(standard.isExceeded(damaged: 1, of: 99))
    // As decimals are written in a recipe; 0.29 * 100 is less than 29 in floating point.
    for percent in 1..<100 {
      let limit = Double("0.\(percent < 10 ? "0" : "")\(percent)") ?? 0
      #expect(!DamagedPairPolicy(limit: limit).isExceeded(damaged: percent, of: 100))
      #expect(DamagedPairPolicy(limit: limit).isExceeded(damaged: percent + 1, of: 100))
    }
  }

  @Test func `a shard cut anywhere stops the run before a pair is read, and is named`() throws {
    let folder = try TemporaryFolder()
    let image = try ImageFixtures.kinds()[0].bytes()
    let members = [("0.jpg", image), ("0.txt", [0x61]), ("1.jpg", image), ("1.txt", [0x62])]
    let whole = try tar(members)
    try folder.write(whole, to: "0.tar")
    // A member is a header and blocks of data; two blocks end the archive, the rest is padding.
    let needed = members.reduce(1024) { $0 + 512 + ($1.1.count + 511) / 512 * 512 }
    for count in stride(from: 1, to: needed, by: 509) {
      let path = try folder.write(Array(whole.prefix(count)), to: "1.tar")
      #expect {
        _ = try PairSet(patterns: ["{0..1}.tar"], folder: folder.path)
      } throws: { error in
        guard case .damagedShard(path, _, _, _) = error as? PairDataError else { return false }
        return true
      }
    }
    #expect {
      _ = try PairSet(patterns: ["{0..2}.tar"], folder: folder.path)
    } throws: { error in
      guard case .noShards = error as? PairDataError else { return false }
      return true
    }
  }
}
