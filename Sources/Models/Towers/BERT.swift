public import Autodiff

/// The text tower of Chinese-CLIP: BERT, as RoBERTa-wwm keeps it, without pooler.
///
/// Devlin et al. 2018, arXiv:1810.04805, section 3; the first token's last hidden state is
/// projected (Yang et al. 2022, arXiv:2211.01335, section 2).
public struct BERT: Sendable {
  public struct Configuration: Hashable, Sendable {
    public var vocabularyCount: Int
    public var width: Int
    public var depth: Int
    public var headWidth: Int
    public var mlpWidth: Int
    /// The longest sequence that has positions.
    public var positionCount: Int
    public var tokenTypeCount: Int

    public init(
      vocabularyCount: Int, width: Int, depth: Int, headWidth: Int = 64, mlpWidth: Int? = nil,
      positionCount: Int = 512, tokenTypeCount: Int = 2
    ) {
      self.vocabularyCount = vocabularyCount
      self.width = width
      self.depth = depth
      self.headWidth = headWidth
      self.mlpWidth = mlpWidth ?? 4 * width
      self.positionCount = positionCount
      self.tokenTypeCount = tokenTypeCount
    }

    public var headCount: Int { width / headWidth }

    /// `RBT3-chinese.json`.
    public static let rbt3 = Configuration(vocabularyCount: 21128, width: 768, depth: 3)
    /// `RoBERTa-wwm-ext-base-chinese.json`.
    public static let robertaBase = Configuration(vocabularyCount: 21128, width: 768, depth: 12)
    /// `RoBERTa-wwm-ext-large-chinese.json`.
    public static let robertaLarge = Configuration(vocabularyCount: 21128, width: 1024, depth: 24)
  }

  /// Hard-coded in Chinese-CLIP's model.py.
  static let epsilon: Float = 1e-12
  /// What weights are drawn with where no published ones are read: results keep their variance at
  /// any width. With BERT's own 0.02 the first token of a narrow tower hardly sees the others, and
  /// all captions start in one place.
  static func deviation(width: Int) -> Float { 0.83 / Float(width).squareRoot() }
  /// Words start apart, positions and token types as a small addition to them.
  static let wordDeviation: Float = 1
  static let positionDeviation: Float = 0.2

  public let configuration: Configuration
  let words: Parameter
  let positions: Parameter
  let tokenTypes: Parameter
  let embeddingNorm: LayerNorm
  let blocks: [PostNormBlock]
  let projection: Linear

  public init(_ scope: ParameterScope, _ configuration: Configuration, embeddingWidth: Int) {
    self.configuration = configuration
    let width = configuration.width
    let deviation = BERT.deviation(width: width)
    let position = Initializer.normal(deviation: BERT.positionDeviation)
    let embeddings = scope / "embeddings"
    words = embeddings.parameter(
      "words", [configuration.vocabularyCount, width], .normal(deviation: BERT.wordDeviation))
    positions = embeddings.parameter("positions", [configuration.positionCount, width], position)
    tokenTypes = embeddings.parameter(
      "token_types", [configuration.tokenTypeCount, width], position)
    embeddingNorm = LayerNorm(embeddings / "norm", width: width, epsilon: BERT.epsilon)
    blocks = (0..<configuration.depth).map { index in
      PostNormBlock(
        scope / "blocks" / "\(index)", width: width, headCount: configuration.headCount,
        mlpWidth: configuration.mlpWidth, epsilon: BERT.epsilon, deviation: deviation)
    }
    projection = Linear(
      scope / "projection", inputs: width, outputs: embeddingWidth, hasBias: false,
      weight: .normal(deviation: 1 / Float(width).squareRoot()))
  }

  /// The parameters by depth: what makes the first tokens, each block, what lies behind the last.
  public var parameterLayers: [[Parameter]] {
    [[words, positions, tokenTypes] + embeddingNorm.parameters] + blocks.map(\.parameters)
      + [projection.parameters]
  }

  public var parameters: [Parameter] { parameterLayers.flatMap(\.self) }

  /// - Parameters:
  ///   - ids: Int32 token ids, a row each of `layout`.
  ///   - dropout: the rate after embeddings, attention, each branch; 0 outside training.
  /// - Returns: [sequences, embeddingWidth], not of unit length.
  public func callAsFunction(_ ids: Tensor, layout: TokenLayout, dropout: Float = 0) -> Tensor {
    let graph = ids.graph
    // The padding entry gets no gradient; token types are always 0 here.
    let embedded = graph[words].rows(at: ids, paddingID: 0)  // [rows, width]
      .addingPositions(graph[positions], layout: layout)
      .addingRow(graph[tokenTypes].rows(0..<1).reshaped([Extent(configuration.width)]))
    var x = embeddingNorm(embedded).dropout(dropout)
    for (index, block) in blocks.enumerated() {
      let kept: KeptTokens = index == blocks.count - 1 ? .first : .all
      // At last [sequences, width].
      x = graph.segment { block(x, layout: layout, keeping: kept, dropout: dropout) }
    }
    return projection(x)
  }
}
