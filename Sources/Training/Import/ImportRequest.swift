internal import Models

/// What is imported, and into which file.
public struct ImportRequest: Sendable {
  public enum Source: Sendable {
    /// A Hugging Face folder, or a file of Chinese-CLIP.
    case model(String)
    /// The two towers that Chinese-CLIP started from: a file of CLIP, a folder of a Chinese BERT.
    case towers(image: String, text: String)
  }

  public var source: Source
  /// The checkpoint.
  public var output: String
  /// A published size that the weights must have, such as `ViT-B-16`.
  public var model: String?
  /// Where it is not beside the weights.
  public var vocabulary: String?
  /// For sizes that were not published: weights do not show how many heads share a width.
  public var imageHeadWidth: Int?
  public var textHeadWidth: Int?
  public var allowsNonFinite: Bool
  /// For what has no weights to start from.
  public var seed: UInt64

  public init(
    _ source: Source, output: String, model: String? = nil, vocabulary: String? = nil,
    imageHeadWidth: Int? = nil, textHeadWidth: Int? = nil, allowsNonFinite: Bool = false,
    seed: UInt64 = 1
  ) {
    self.source = source
    self.output = output
    self.model = model
    self.vocabulary = vocabulary
    self.imageHeadWidth = imageHeadWidth
    self.textHeadWidth = textHeadWidth
    self.allowsNonFinite = allowsNonFinite
    self.seed = seed
  }

  /// Names that `model` can have.
  public static var publishedModels: [String] {
    DualEncoder.Configuration.publishedImageTowers.map(\.name)
  }

  /// Also with `@` and the name of a text tower.
  public static func isPublished(_ model: String) -> Bool {
    DualEncoder.Configuration.published(model) != nil
  }
}
