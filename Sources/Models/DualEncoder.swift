public import Autodiff

/// Two towers into one space and the scale of their similarities.
///
/// Radford et al. 2021, arXiv:2103.00020, figure 3; Zhai et al. 2021, arXiv:2111.07991, for
/// training it with one tower locked.
public struct DualEncoder: Sendable {
  public struct Configuration: Hashable, Sendable {
    public var image: ImageTower.Configuration
    public var text: BERT.Configuration
    public var embeddingWidth: Int
    /// What linear layers learn beside their weights, where some do.
    public var lowRankUpdates: LowRankUpdates?

    public init(
      image: ImageTower.Configuration, text: BERT.Configuration, embeddingWidth: Int
    ) {
      self.image = image
      self.text = text
      self.embeddingWidth = embeddingWidth
    }

    public init(
      image: VisionTransformer.Configuration, text: BERT.Configuration, embeddingWidth: Int
    ) {
      self.init(
        image: .visionTransformer(image), text: text, embeddingWidth: embeddingWidth)
    }

    public init(
      image: ModifiedResNet.Configuration, text: BERT.Configuration, embeddingWidth: Int
    ) {
      self.init(image: .modifiedResNet(image), text: text, embeddingWidth: embeddingWidth)
    }
  }

  public let configuration: Configuration
  public let image: ImageTower
  public let text: BERT
  /// The logarithm of the number that similarities are multiplied with, a scalar.
  public let logitScale: Parameter

  public init(_ configuration: Configuration) {
    self.configuration = configuration
    let root = ParameterScope("", lowRankUpdates: configuration.lowRankUpdates)
    let width = configuration.embeddingWidth
    image = ImageTower(root / "image", configuration.image, embeddingWidth: width)
    text = BERT(root / "text", configuration.text, embeddingWidth: width)
    // ln(1 / 0.07), Wu et al. 2018, arXiv:1805.01978, as CLIP starts.
    logitScale = root.parameter("logit_scale", [], .constant(2.659_260_0))
  }

  /// All parameters in the order of their declaration, running statistics among them.
  public var parameters: [Parameter] { image.parameters + text.parameters + [logitScale] }

  /// - Parameters:
  ///   - pixels: [images, 3, imageSize, imageSize].
  ///   - trained: the parameters that the graph will be differentiated by.
  ///   - keptTokens: of a vision transformer, the tokens that are not masked.
  /// - Returns: [images, embeddingWidth], rows of unit length.
  public func imageEmbeddings(
    _ pixels: Tensor, trained: Set<Parameter> = [], keptTokens: Tensor? = nil
  ) -> Tensor {
    image(pixels, trained: trained, keptTokens: keptTokens).l2Normalized
  }

  /// - Returns: [sequences, embeddingWidth], rows of unit length.
  public func textEmbeddings(_ ids: Tensor, layout: TokenLayout, dropout: Float = 0) -> Tensor {
    text(ids, layout: layout, dropout: dropout).l2Normalized
  }

  /// The shape of a picture chunk.
  public var pixelShape: Shape {
    let size = Extent(configuration.image.imageSize)
    return [Extent(.images), 3, size, size]
  }
}
