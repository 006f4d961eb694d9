internal import CPUDevice
internal import DurableFiles
internal import PairData
internal import Tokenizers

/// The pictures or the captions of one shard, a row each, and the tower that encodes them.
protocol ShardRows {
  var count: Int { get }
  /// Of the shard's file; see ``ShardStatus``.
  var stamp: [UInt8] { get }
  /// The SHA-256 of each row's content, end to end.
  func digests() async throws(PairDataError) -> [UInt8]
  /// Says which ranges will be asked for, in order.
  mutating func begin(_ ranges: [Range<Int>])
  /// Encodes the next range.
  mutating func next() async throws(PairDataError) -> EmbeddingBlock
}

struct PictureRows: ShardRows {
  let pictures: ShardPictures
  let embedder: ImageEmbedder
  private var walk: PictureWalk<PictureBatch>

  init(_ pictures: ShardPictures, embedder: ImageEmbedder) {
    self.pictures = pictures
    self.embedder = embedder
    walk = PictureWalk(pictures, ranges: [])
  }

  var count: Int { pictures.count }
  var stamp: [UInt8] { pictures.stamp }

  func digests() async throws(PairDataError) -> [UInt8] {
    try await pictures.digests(0..<count)
  }

  mutating func begin(_ ranges: [Range<Int>]) { walk = PictureWalk(pictures, ranges: ranges) }

  mutating func next() async throws(PairDataError) -> EmbeddingBlock {
    guard let (_, batch) = try await walk.next() else { throw .cancelled }
    return EmbeddingBlock(
      digests: batch.digests, isReadable: batch.isReadable,
      values: embedder.embed(count: batch.range.count) { batch.write($0, into: $1) })
  }
}

struct CaptionRows: ShardRows {
  let captions: ShardCaptions
  private let encoded: ([String]) -> [Float]
  private let allDigests: [UInt8]
  private var rest: ArraySlice<Range<Int>> = []

  /// - Parameter encoded: the embeddings of some captions.
  init(_ captions: ShardCaptions, encoded: @escaping ([String]) -> [Float]) {
    self.captions = captions
    self.encoded = encoded
    allDigests = captions.digests
  }

  var count: Int { captions.texts.count }
  var stamp: [UInt8] { captions.stamp }

  func digests() async throws(PairDataError) -> [UInt8] { allDigests }

  mutating func begin(_ ranges: [Range<Int>]) { rest = ranges[...] }

  mutating func next() async throws(PairDataError) -> EmbeddingBlock {
    guard let range = rest.popFirst() else { throw .cancelled }
    let digestBytes = ShardPictures.digestBytes
    return EmbeddingBlock(
      digests: Array(allDigests[range.lowerBound * digestBytes..<range.upperBound * digestBytes]),
      isReadable: Array(repeating: true, count: range.count),
      values: encoded(Array(captions.texts[range])))
  }
}
