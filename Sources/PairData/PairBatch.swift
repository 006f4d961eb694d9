/// A batch of readable pairs with one caption each, in the order of the epoch; where one ends in
/// the batch, the first of the next come after it.
public struct PairBatch: Sendable {
  /// The epoch of the first pair.
  public let epoch: Int
  /// The pairs' numbers in their set.
  public let pairIndices: [Int]
  public let keys: [String]
  /// The caption drawn for each pair.
  public let captions: [String]
  /// Its place among the pair's captions.
  public let captionIndices: [Int]
  /// The view drawn for each pair, from 0; see `LoaderConfiguration.viewCount`.
  public let views: [Int]
  public let tokens: PackedTokens
  /// Empty where images are not wanted.
  public let images: PixelBatch
  /// Small numbers, equal within the batch where captions are equal byte for byte: [pairs].
  public let captionGroups: [Int32]
  /// The same for the bytes of the image members.
  public let imageGroups: [Int32]
  /// Pairs that were skipped on the way from `cursorBefore` to `cursorAfter`.
  public let damaged: [DamagedPair]
  public let cursorBefore: DataCursor
  public let cursorAfter: DataCursor

  /// The number of pairs.
  public var count: Int { pairIndices.count }

  init(
    samples: [PairSample], damaged: [DamagedPair], images: ImagePreparation?, epoch: Int,
    from before: DataCursor, to after: DataCursor
  ) {
    self.epoch = epoch
    pairIndices = samples.map(\.pair.index)
    keys = samples.map(\.pair.key)
    captions = samples.flatMap(\.captions)
    captionIndices = samples.flatMap(\.captionIndices)
    views = samples.map(\.view)
    tokens = PackedTokens(samples.flatMap(\.tokens))
    self.images = PixelBatch(images: samples.compactMap(\.image), preparation: images)
    captionGroups = ContentGroups.numbers(of: captions.map { ContentDigest(Array($0.utf8)) })
    imageGroups = ContentGroups.numbers(of: samples.map(\.imageDigest))
    self.damaged = damaged
    cursorBefore = before
    cursorAfter = after
  }
}
