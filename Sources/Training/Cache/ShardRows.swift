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
  /// Whether none of some rows can be read, which a file has no embeddings of.
  mutating func areUnreadable(_ places: [Int]) async throws(PairDataError) -> Bool
  /// Says which ranges will be asked for, in order.
  mutating func begin(_ ranges: [Range<Int>])
  /// Encodes the next range.
  mutating func next() async throws(PairDataError) -> EmbeddingBlock
}

struct PictureRows: ShardRows {
  let pictures: ShardPictures
  let embedder: ImageEmbedder
  /// Why pictures cannot be read, by their places in the shard; of those that were looked at.
  private(set) var damage: [Int: DamagedPair.Reason] = [:]
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

  mutating func areUnreadable(_ places: [Int]) async throws(PairDataError) -> Bool {
    for place in places where damage[place] == nil {
      guard let reason = try pictures.damage(at: place) else { return false }
      damage[place] = reason
    }
    return true
  }

  mutating func begin(_ ranges: [Range<Int>]) { walk = PictureWalk(pictures, ranges: ranges) }

  mutating func next() async throws(PairDataError) -> EmbeddingBlock {
    guard let (_, batch) = try await walk.next() else { throw .cancelled }
    let reasons = batch.damage
    for (place, reason) in zip(batch.range, reasons) { damage[place] = reason }
    return EmbeddingBlock(
      digests: batch.digests, isReadable: reasons.map { $0 == nil },
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

  /// Captions that cannot be used have no rows.
  mutating func areUnreadable(_ places: [Int]) -> Bool { places.isEmpty }

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
