public import Autodiff

/// What turns pictures into embeddings: one of the two kinds of tower that Chinese-CLIP has.
public enum ImageTower: Sendable {
  case visionTransformer(VisionTransformer)
  case modifiedResNet(ModifiedResNet)

  public enum Configuration: Hashable, Sendable {
    case visionTransformer(VisionTransformer.Configuration)
    case modifiedResNet(ModifiedResNet.Configuration)

    /// Pixels on each side of a picture.
    public var imageSize: Int {
      switch self {
      case .visionTransformer(let configuration): configuration.imageSize
      case .modifiedResNet(let configuration): configuration.imageSize
      }
    }

    /// Numbers of one picture: three channels.
    public var pixelCount: Int { 3 * imageSize * imageSize }
  }

  public init(_ scope: ParameterScope, _ configuration: Configuration, embeddingWidth: Int) {
    switch configuration {
    case .visionTransformer(let configuration):
      self = .visionTransformer(
        VisionTransformer(scope, configuration, embeddingWidth: embeddingWidth))
    case .modifiedResNet(let configuration):
      self = .modifiedResNet(
        ModifiedResNet(scope, configuration, embeddingWidth: embeddingWidth))
    }
  }

  /// The parameters by depth, from the pixels to the embedding.
  public var parameterLayers: [[Parameter]] {
    switch self {
    case .visionTransformer(let tower): tower.parameterLayers
    case .modifiedResNet(let tower): tower.parameterLayers
    }
  }

  /// All parameters in the order of their declaration, running statistics among them.
  public var parameters: [Parameter] { parameterLayers.flatMap(\.self) }

  /// - Parameters:
  ///   - pixels: [images, 3, imageSize, imageSize], normalized.
  ///   - trained: the parameters that the graph will be differentiated by.
  ///   - keptTokens: of a vision transformer, the tokens that are not masked.
  /// - Returns: [images, embeddingWidth], not of unit length.
  public func callAsFunction(
    _ pixels: Tensor, trained: Set<Parameter> = [], keptTokens: Tensor? = nil
  ) -> Tensor {
    switch self {
    case .visionTransformer(let tower): return tower(pixels, keptTokens: keptTokens)
    case .modifiedResNet(let tower):
      precondition(keptTokens == nil, "A residual network has no tokens to mask.")
      return tower(pixels, trained: trained)
    }
  }
}
