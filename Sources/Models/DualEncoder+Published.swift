/// The sizes that Chinese-CLIP published, by the names of its `model_configs`.
///
/// Yang et al. 2022, arXiv:2211.01335, table 1; the head widths are the configurations' own.
extension DualEncoder.Configuration {
  public static let publishedImageTowers:
    [(name: String, tower: ImageTower.Configuration, embeddingWidth: Int)] = [
      ("RN50", .modifiedResNet(.rn50), 1024),
      ("ViT-B-16", .visionTransformer(.baseP16), 512),
      ("ViT-B-32", .visionTransformer(.baseP32), 512),
      ("ViT-L-14", .visionTransformer(.largeP14), 768),
      ("ViT-L-14-336", .visionTransformer(.largeP14At336), 768),
      ("ViT-H-14", .visionTransformer(.hugeP14), 1024),
    ]

  public static let publishedTextTowers: [(name: String, tower: BERT.Configuration)] = [
    ("RBT3-chinese", .rbt3), ("RoBERTa-wwm-ext-base-chinese", .robertaBase),
    ("RoBERTa-wwm-ext-large-chinese", .robertaLarge),
  ]

  /// The text tower that was published with an image tower.
  private static func partner(of imageTower: String) -> String {
    switch imageTower {
    case "RN50": "RBT3-chinese"
    case "ViT-H-14": "RoBERTa-wwm-ext-large-chinese"
    default: "RoBERTa-wwm-ext-base-chinese"
    }
  }

  /// A published size, such as `ViT-B-16`, or `ViT-B-16@RBT3-chinese` with another text tower.
  public static func published(_ name: String) -> DualEncoder.Configuration? {
    let parts = name.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, let image = publishedImageTowers.first(where: { $0.name == parts[0] })
    else { return nil }
    let textName = parts.count == 2 ? parts[1] : partner(of: image.name)
    guard let text = publishedTextTowers.first(where: { $0.name == textName }) else { return nil }
    return .init(image: image.tower, text: text.tower, embeddingWidth: image.embeddingWidth)
  }

  /// Both towers' published names, joined as Chinese-CLIP joins them.
  public var publishedName: String? {
    guard
      let image = Self.publishedImageTowers.first(where: {
        $0.tower == image && $0.embeddingWidth == embeddingWidth
      }),
      let text = Self.publishedTextTowers.first(where: { $0.tower == text })
    else { return nil }
    return "\(image.name)@\(text.name)"
  }
}
