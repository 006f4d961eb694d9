public import Tokenizers

/// What a loader makes of pairs; everything that its results depend on besides the pairs.
public struct LoaderConfiguration: Sendable {
  /// The run's seed, for the order, the captions drawn and the augmentation.
  public var seed: UInt64 = 0
  /// False keeps the pairs' own order in every epoch.
  public var isShuffled = true
  /// Pairs in a batch.
  public var batchPairs: Int
  public var captions: CaptionSelector = .automatic
  /// The most token ids of a caption, both ends included.
  public var contextLength: Int
  /// How the tokenizer prepares text.
  public var textPath: TextPath = .training
  /// How images become pixels; nil where only texts are wanted (the locked tower's are cached).
  public var images: ImagePreparation?
  /// Of how many views of a picture one is drawn; 1 where there is nothing to draw.
  public var viewCount = 1
  public var damagePolicy = DamagedPairPolicy()
  /// How many pairs are decoded side by side; the results do not depend on it.
  public var taskCount = 1
  /// Memory for decoded images and digests that later epochs take instead of decoding again.
  public var cacheBytes = 256 << 20

  public init(batchPairs: Int, contextLength: Int, images: ImagePreparation?) {
    precondition(batchPairs > 0, "a batch needs pairs, found \(batchPairs)")
    self.batchPairs = batchPairs
    self.contextLength = contextLength
    self.images = images
  }
}
