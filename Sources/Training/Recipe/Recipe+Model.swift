extension Recipe {
  /// Where the dual encoder comes from and which of its parameters are trained.
  public struct Model: Sendable, Equatable {
    public let source: Source
    public let rules: ParameterRules
    /// The share of activations dropped in training, [0, 1).
    public let dropout: Float
  }

  public enum Source: Sendable, Equatable {
    /// A checkpoint file with parameters, configuration and vocabulary.
    case checkpoint(path: String)
    /// Parameters drawn from the seed.
    case fresh(Fresh)
  }

  /// A model made from nothing, but perhaps for its image tower.
  public struct Fresh: Sendable, Equatable {
    public let family: Family
    public let image: ImageTower
    public let text: TextTower
    public let embeddingWidth: Int
    /// A checkpoint whose image tower's parameters are taken.
    public let imageFrom: String?
    /// The WordPiece vocabulary file.
    public let vocabulary: String
  }

  public enum Family: String, Sendable, CaseIterable {
    /// A vision transformer and a BERT, as in Chinese-CLIP.
    case chineseCLIP = "chinese_clip"
  }

  public struct ImageTower: Sendable, Equatable {
    /// Pixels a side.
    public let size: Int
    public let patch: Int
    public let width: Int
    public let depth: Int
    public let headWidth: Int
  }

  public struct TextTower: Sendable, Equatable {
    public let width: Int
    public let depth: Int
    public let headWidth: Int
    public let mlpWidth: Int
    public let maximumPositions: Int
  }
}
