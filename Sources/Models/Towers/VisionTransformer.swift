public import Autodiff

/// The ViT of CLIP and Chinese-CLIP: pixels to embeddings.
///
/// Dosovitskiy et al. 2020, arXiv:2010.11929, equations 1 to 4, with CLIP's norm before the first
/// block (Radford et al. 2021, arXiv:2103.00020, section 2.4) and a projection to the embedding.
public struct VisionTransformer: Sendable {
  public struct Configuration: Hashable, Sendable {
    /// Pixels on each side of a picture.
    public var imageSize: Int
    /// Pixels on each side of a patch.
    public var patchSize: Int
    public var width: Int
    public var depth: Int
    public var headWidth: Int

    public init(imageSize: Int, patchSize: Int, width: Int, depth: Int, headWidth: Int = 64) {
      self.imageSize = imageSize
      self.patchSize = patchSize
      self.width = width
      self.depth = depth
      self.headWidth = headWidth
    }

    /// Four times the width in all published sizes.
    public var mlpWidth: Int { 4 * width }
    public var headCount: Int { width / headWidth }
    public var patchCount: Int { (imageSize / patchSize) * (imageSize / patchSize) }
    /// Numbers of one picture: three channels.
    public var pixelCount: Int { 3 * imageSize * imageSize }
    /// Patches and the class token.
    public var tokenCount: Int { patchCount + 1 }

    /// How many patches of a picture stay where a share of them is masked: Chinese-CLIP's
    /// `int(patches * (1 - ratio))` (its model.py, `random_masking`), in Double as there.
    ///
    /// - Parameter maskRatio: the share that is left out, [0, 1).
    public func keptPatchCount(maskRatio: Double) -> Int {
      Int(Double(patchCount) * (1 - maskRatio))
    }

    /// Chinese-CLIP's ViT-B/16 at 224 px (vision configurations, `ViT-B-16.json`).
    public static let baseP16 = Configuration(imageSize: 224, patchSize: 16, width: 768, depth: 12)
    /// `ViT-B-32.json`.
    public static let baseP32 = Configuration(imageSize: 224, patchSize: 32, width: 768, depth: 12)
    /// `ViT-L-14.json`.
    public static let largeP14 = Configuration(
      imageSize: 224, patchSize: 14, width: 1024, depth: 24)
    /// `ViT-L-14-336.json`.
    public static let largeP14At336 = Configuration(
      imageSize: 336, patchSize: 14, width: 1024, depth: 24)
    /// `ViT-H-14.json`: 16 heads of 80.
    public static let hugeP14 = Configuration(
      imageSize: 224, patchSize: 14, width: 1280, depth: 32, headWidth: 80)
  }

  /// PyTorch's default for layer normalization, which CLIP keeps.
  static let epsilon: Float = 1e-5
  /// Positions start this much larger than CLIP's, so that a short run need not find them first:
  /// the emoji recipes learn faster by it. Published weights bring their own.
  static let positionScale: Float = 5

  public let configuration: Configuration
  let patchEmbedding: Parameter
  let classEmbedding: Parameter
  let positions: Parameter
  let preNorm: LayerNorm
  let blocks: [TransformerBlock]
  let postNorm: LayerNorm
  let projection: Linear

  public init(_ scope: ParameterScope, _ configuration: Configuration, embeddingWidth: Int) {
    self.configuration = configuration
    let width = configuration.width
    let patch = configuration.patchSize
    // Chinese-CLIP draws these two with deviation width^-0.5 (its model.py), and positions too.
    let deviation = 1 / Float(width).squareRoot()
    patchEmbedding = scope.parameter(
      "patch_embedding/weight", [width, 3, patch, patch],
      .uniform(bound: 1 / Float(3 * patch * patch).squareRoot()))
    classEmbedding = scope.parameter("class_embedding", [width], .normal(deviation: deviation))
    positions = scope.parameter(
      "positions", [configuration.tokenCount, width],
      .normal(deviation: VisionTransformer.positionScale * deviation))
    preNorm = LayerNorm(scope / "pre_norm", width: width, epsilon: VisionTransformer.epsilon)
    blocks = (0..<configuration.depth).map { index in
      TransformerBlock(
        scope / "blocks" / "\(index)", width: width, headCount: configuration.headCount,
        mlpWidth: configuration.mlpWidth, epsilon: VisionTransformer.epsilon)
    }
    postNorm = LayerNorm(scope / "post_norm", width: width, epsilon: VisionTransformer.epsilon)
    projection = Linear(
      scope / "projection", inputs: width, outputs: embeddingWidth, hasBias: false,
      weight: .normal(deviation: deviation))
  }

  /// The parameters by depth: what makes the first tokens, each block, what lies behind the last.
  public var parameterLayers: [[Parameter]] {
    [[patchEmbedding, classEmbedding, positions] + preNorm.parameters]
      + blocks.map(\.parameters) + [postNorm.parameters + projection.parameters]
  }

  /// - Parameters:
  ///   - pixels: [images, 3, imageSize, imageSize], normalized.
  ///   - keptTokens: which rows of [images * tokenCount] go through the blocks, as many of each
  ///     picture and its class token first, Int32 [images * kept]; all where nothing is said. So
  ///     FLIP trains (Li et al. 2022, arXiv:2212.00794): positions are added before, hence the
  ///     order of a picture's patches does not matter.
  /// - Returns: [images, embeddingWidth], not of unit length.
  public func callAsFunction(_ pixels: Tensor, keptTokens: Tensor? = nil) -> Tensor {
    let graph = pixels.graph
    let (width, patch) = (configuration.width, configuration.patchSize)
    var layout = TokenLayout.equal(sequences: .images, length: configuration.tokenCount)
    let filters = graph[patchEmbedding].reshaped([Extent(width), Extent(3 * patch * patch)])
    let patches = pixels.patches(of: patch).affineMap(weight: filters)
    // [images * patches, width], then with the class token [images * tokens, width]
    var x =
      patches
      .prepending(token: graph[classEmbedding], toSequencesOf: configuration.patchCount)
      .addingPositions(graph[positions], layout: layout)
    if let keptTokens {
      layout = .equal(sequences: .images, length: keptTokens.shape[0].factor)
      precondition(
        keptTokens.shape == [layout.rows],
        "Kept tokens are [images * kept], not \(keptTokens.shape).")
      x = x.rows(at: keptTokens)  // [images * kept, width]
    }
    x = preNorm(x)
    for (index, block) in blocks.enumerated() {
      let kept: KeptTokens = index == blocks.count - 1 ? .first : .all
      x = graph.segment { block(x, layout: layout, keeping: kept) }  // at last [images, width]
    }
    return projection(postNorm(x))
  }
}
