internal import Autodiff

/// Self-attention of several heads with biased projections.
///
/// Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2.
struct MultiHeadAttention: Sendable {
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  let headCount: Int

  /// How the four projections start.
  enum Initialization {
    /// PyTorch's fused attention: Xavier uniform over the stacked q, k, v; biases zero.
    case stacked
    /// BERT: normal with this deviation, biases zero.
    case normal(deviation: Float)
  }

  init(_ scope: ParameterScope, width: Int, headCount: Int, initialization: Initialization) {
    let (projection, outputWeight): (Initializer, Initializer?) =
      switch initialization {
      case .stacked: (.uniform(bound: (6 / Float(4 * width)).squareRoot()), nil)
      case .normal(let deviation): (.normal(deviation: deviation), .normal(deviation: deviation))
      }
    func linear(_ name: String, _ weight: Initializer?) -> Linear {
      Linear(scope / name, inputs: width, outputs: width, weight: weight, bias: .zeros)
    }
    query = linear("query", projection)
    key = linear("key", projection)
    value = linear("value", projection)
    output = linear("output", outputWeight)
    self.headCount = headCount
  }

  var parameters: [Parameter] { [query, key, value, output].flatMap(\.parameters) }

  /// - Parameter x: [rows, width]. - Returns: the same shape, or [sequences, width].
  func callAsFunction(
    _ x: Tensor, layout: TokenLayout, keeping kept: KeptTokens, dropout: Float = 0
  ) -> Tensor {
    let attended = query(x).attention(
      keys: key(x), values: value(x), headCount: headCount, layout: layout, dropout: dropout)
    return output(kept(attended, layout: layout))
  }
}
