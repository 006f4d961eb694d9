public import PairData

extension Recipe {
  /// Which pairs are learned from, and what is made of them on the way.
  public struct Data: Sendable, Equatable {
    /// Shard paths, globs and brace ranges.
    public let train: [String]
    /// Empty where the run is not validated.
    public let validation: [String]
    public let captions: CaptionSelector
    public let validationCaptions: CaptionSelector
    /// Tokens a caption is cut to, the two special ones included.
    public let contextLength: Int
    public let isShuffled: Bool
    public let augmentation: Augmentation
    /// How many augmented views of a picture are encoded once; as many as steps where nothing.
    public let viewCount: Int?
    /// Whether embeddings of a tower that never changes are kept in files.
    public let isCached: Bool
    /// The percentage of unreadable pairs, [0, 100], above which the run stops.
    public let damageLimitPercent: Double
    /// The same as a share, [0, 1].
    public var damageLimit: Double { damageLimitPercent / 100 }
    /// As the checkpoint that the model is from says, else on white, where nothing.
    public let alpha: ImageDecodingOptions.Alpha?
    /// As the checkpoint that the model is from says, else applied, where nothing.
    public let orientation: ImageDecodingOptions.Orientation?
  }
}
