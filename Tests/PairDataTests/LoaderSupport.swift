import FileTestSupport
import Foundation
import Tokenizers

@testable import PairData

/// The emoji pairs and a loader over them, small enough for a debug build.
enum EmojiPairs {
  /// Read once: the vocabulary takes a debug build a good part of a second.
  private static let sharedTokenizer = Result {
    try Tokenizer(
      vocabularyBytes: Array(try Data(contentsOf: URL(filePath: RepositoryFiles.vocabulary))))
  }

  static func tokenizer() throws -> Tokenizer { try sharedTokenizer.get() }

  static func test() throws -> PairSet {
    try PairSet(patterns: ["test.tar"], folder: RepositoryFiles.emoji)
  }

  static func configuration(batchPairs: Int) throws -> LoaderConfiguration {
    var configuration = LoaderConfiguration(
      batchPairs: batchPairs, contextLength: 16,
      images: ImagePreparation(size: 16, augmentation: .roll(maximumPixels: 3)))
    configuration.seed = 7
    configuration.captions = try CaptionSelector("zh")
    return configuration
  }
}

/// What of a batch must be equal for it to count as the same.
struct BatchContents: Equatable {
  let epoch: Int
  let pairs: [Int]
  let captions: [String]
  let captionIndices: [Int]
  let views: [Int]
  let tokens: PackedTokens
  let pixels: [Float]
  let groups: [[Int32]]
  let damaged: [DamagedPair]
  let cursors: [DataCursor]

  init(_ batch: PairBatch) {
    epoch = batch.epoch
    pairs = batch.pairIndices
    captions = batch.captions
    captionIndices = batch.captionIndices
    views = batch.views
    tokens = batch.tokens
    pixels = batch.images.pixels
    groups = [batch.captionGroups, batch.imageGroups]
    damaged = batch.damaged
    cursors = [batch.cursorBefore, batch.cursorAfter]
  }
}

/// A set of pairs of which some are damaged in every way; the images are real.
struct DamagedSet {
  let folder: TemporaryFolder
  let pairs: PairSet
  /// Keys of the damaged pairs.
  static let damagedKeys = [
    "noimage", "nocaption", "empty", "gbk", "notimage", "nofield", "badjson", "number",
  ]

  /// `goodCount` good pairs with the damaged ones spread among them.
  init(goodCount: Int) throws {
    folder = try TemporaryFolder()
    let source = try EmojiPairs.test()
    let shard = try source.shards[0].open()
    var members: [(name: String, bytes: [UInt8])] = []
    let text = { (string: String) in Array("{\"zh\": [\"\(string)\"]}".utf8) }
    for index in 0..<goodCount {
      let extent = source[index].members.image!
      let image = try shard.bytes(at: extent.offset, count: Int(extent.size))
      members += [("good\(index).png", image), ("good\(index).json", text("字\(index)"))]
      switch index {
      case 1: members += [("noimage.json", text("a"))]
      case 2: members += [("nocaption.png", image)]
      case 3: members += [("empty.png", image), ("empty.json", text("  "))]
      case 4:
        members += [("gbk.png", image), ("gbk.json", text("猫").map { $0 == 0xE7 ? 0xC3 : $0 })]
      case 5:
        members += [("notimage.png", Array("<html></html>".utf8)), ("notimage.json", text("b"))]
      case 6: members += [("nofield.png", image), ("nofield.json", Array("{}".utf8))]
      case 7: members += [("badjson.png", image), ("badjson.json", Array("{\"zh\": ".utf8))]
      case 8: members += [("number.png", image), ("number.json", Array("{\"zh\": 5}".utf8))]
      default: break
      }
    }
    let path = try folder.write(tar(members), to: "damaged.tar")
    pairs = PairSet(shards: [try PairShard(path: path)])
  }
}
