internal import Autodiff

/// A post-norm transformer block: Norm(x + Attention(x)), then Norm(x + MLP(x)).
///
/// Devlin et al. 2018, arXiv:1810.04805, with dropout on each branch and on the attention.
struct PostNormBlock: Sendable {
  let attention: MultiHeadAttention
  let attentionNorm: LayerNorm
  let mlp: MLP
  let mlpNorm: LayerNorm

  init(
    _ scope: ParameterScope, width: Int, headCount: Int, mlpWidth: Int, epsilon: Float,
    deviation: Float
  ) {
    attention = MultiHeadAttention(
      scope / "attention", width: width, headCount: headCount,
      initialization: .normal(deviation: deviation))
    attentionNorm = LayerNorm(scope / "attention_norm", width: width, epsilon: epsilon)
    mlp = MLP(
      scope / "mlp", width: width, hiddenWidth: mlpWidth, activation: .gelu,
      weight: .normal(deviation: deviation), bias: .zeros)
    mlpNorm = LayerNorm(scope / "mlp_norm", width: width, epsilon: epsilon)
  }

  var parameters: [Parameter] {
    attention.parameters + attentionNorm.parameters + mlp.parameters + mlpNorm.parameters
  }

  /// - Parameter x: [rows, width]. - Returns: the same shape, or [sequences, width].
  func callAsFunction(
    _ x: Tensor, layout: TokenLayout, keeping kept: KeptTokens, dropout: Float
  ) -> Tensor {
    let attended = attention(x, layout: layout, keeping: kept, dropout: dropout).dropout(dropout)
    let x = attentionNorm(kept(x, layout: layout) + attended)
    return mlpNorm(x + mlp(x).dropout(dropout))
  }
}
