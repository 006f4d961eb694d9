extension Recipe {
  /// Where the dual encoder comes from and which of its parameters are trained.
  public struct Model: Sendable, Equatable {
    public let source: Source
    public let rules: ParameterRules
    /// The share of activations dropped in training, [0, 1).
    public let dropout: Float
    /// The share of each picture's patches that a vision transformer is not shown in training,
    /// [0, 1); a Double, since how many stay is rounded down.
    public let imageMaskRatio: Double
    public let lora: LoRA?
  }

  public enum Source: Sendable, Equatable {
    /// A checkpoint file with parameters, configuration and vocabulary; pictures perhaps of another
    /// size than its own.
    case checkpoint(path: String, imageSize: Int? = nil)
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
    /// A vision transformer or a residual network, and a BERT, as in Chinese-CLIP.
    case chineseCLIP = "chinese_clip"
  }

  public struct ImageTower: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
      /// Patches of so many pixels a side, and so many blocks.
      case visionTransformer(patch: Int, depth: Int)
      /// So many blocks in each layer.
      case residualNetwork(layers: [Int])
    }

    /// Pixels a side.
    public let size: Int
    public let kind: Kind
    public let width: Int
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
