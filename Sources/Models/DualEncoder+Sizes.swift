extension DualEncoder.Configuration {
  /// Chinese-CLIP's RN50 with RBT3 (its README, table of models; `RN50.json`, `RBT3-chinese.json`).
  public static let rn50 = DualEncoder.Configuration(
    image: .rn50, text: .rbt3, embeddingWidth: 1024)
  /// ViT-B/16 with RoBERTa-wwm base, as the same table pairs them.
  public static let baseP16 = DualEncoder.Configuration(
    image: .baseP16, text: .robertaBase, embeddingWidth: 512)
  /// ViT-L/14 with RoBERTa-wwm base.
  public static let largeP14 = DualEncoder.Configuration(
    image: .largeP14, text: .robertaBase, embeddingWidth: 768)
  /// ViT-L/14 at 336 pixels with RoBERTa-wwm base.
  public static let largeP14At336 = DualEncoder.Configuration(
    image: .largeP14At336, text: .robertaBase, embeddingWidth: 768)
  /// ViT-H/14 with RoBERTa-wwm large.
  public static let hugeP14 = DualEncoder.Configuration(
    image: .hugeP14, text: .robertaLarge, embeddingWidth: 1024)
}
