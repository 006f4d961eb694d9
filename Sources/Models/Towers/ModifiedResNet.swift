public import Autodiff

/// The residual network of CLIP and Chinese-CLIP: pixels to embeddings.
///
/// He et al. 2015, arXiv:1512.03385, with CLIP's changes (Radford et al. 2021, arXiv:2103.00020,
/// section 2.4): a stem of three convolutions, average pools in place of strides, and attention
/// pooling, whose last projection is the projection to the embedding.
public struct ModifiedResNet: Sendable {
  public struct Configuration: Hashable, Sendable {
    /// Pixels on each side of a picture, a multiple of 32.
    public var imageSize: Int
    /// Blocks of each of the four layers.
    public var layers: [Int]
    /// Channels after the stem, an even number.
    public var width: Int
    public var headWidth: Int

    public init(imageSize: Int, layers: [Int], width: Int, headWidth: Int = 64) {
      self.imageSize = imageSize
      self.layers = layers
      self.width = width
      self.headWidth = headWidth
    }

    /// Channels after the last layer.
    public var outputWidth: Int { 32 * width }
    public var headCount: Int { outputWidth / headWidth }
    /// Pixels on each side of the last layer's maps.
    public var outputSide: Int { imageSize / 32 }

    /// Chinese-CLIP's RN50 (vision configurations, `RN50.json`).
    public static let rn50 = Configuration(imageSize: 224, layers: [3, 4, 6, 3], width: 64)
  }

  public let configuration: Configuration
  let stem: [NormalizedConvolution]
  /// The blocks of each layer.
  let layers: [[Bottleneck]]
  let pool: AttentionPool

  public init(_ scope: ParameterScope, _ configuration: Configuration, embeddingWidth: Int) {
    self.configuration = configuration
    let width = configuration.width
    precondition(
      configuration.layers.count == 4 && width % 2 == 0 && configuration.imageSize % 32 == 0,
      "A residual network has four layers, an even width and a picture of 32 pixels or more, a "
        + "multiple of 32: \(configuration).")
    stem = [(3, width / 2, 2), (width / 2, width / 2, 1), (width / 2, width, 1)].enumerated().map {
      let name = scope / "stem" / "\($0)"
      let (inputs, outputs, stride) = $1
      return NormalizedConvolution(
        convolution: name, norm: name / "norm", inputs: inputs, outputs: outputs, kernel: 3,
        stride: stride)
    }
    layers = configuration.layers.enumerated().map { layer, depth in
      let innerWidth = width << layer
      return (0..<depth).map { block in
        let isFirst = block == 0
        return Bottleneck(
          scope / "layers" / "\(layer)" / "\(block)",
          width: isFirst && layer == 0 ? width : isFirst ? 2 * innerWidth : 4 * innerWidth,
          innerWidth: innerWidth, stride: isFirst && layer > 0 ? 2 : 1, isFirst: isFirst)
      }
    }
    pool = AttentionPool(
      scope / "pool", side: configuration.outputSide, width: configuration.outputWidth,
      headCount: configuration.headCount, outputs: embeddingWidth)
  }

  /// The parameters by depth: the stem, each of the four layers, the attention pool.
  public var parameterLayers: [[Parameter]] {
    [stem.flatMap(\.parameters)] + layers.map { $0.flatMap(\.parameters) } + [pool.parameters]
  }

  /// - Parameters:
  ///   - pixels: [images, 3, imageSize, imageSize], normalized.
  ///   - trained: the parameters that the graph will be differentiated by; their norms take the
  ///     chunk's statistics, see ``Graph/observations``.
  /// - Returns: [images, embeddingWidth], not of unit length.
  public func callAsFunction(_ pixels: Tensor, trained: Set<Parameter> = []) -> Tensor {
    let graph = pixels.graph
    var side = configuration.imageSize
    var x = pixels.patches(of: 1)  // [images * side * side, 3]
    for convolution in stem {
      x = convolution(x, side: side, trained: trained).relu
      side /= convolution.stride
    }
    x = x.averagePooled(side: side, window: 2)  // [images * (side / 2) * (side / 2), width]
    side /= 2
    for block in layers.joined() {
      x = graph.segment { block(x, side: side, trained: trained) }
      side /= block.stride
    }
    return pool(x)
  }
}
