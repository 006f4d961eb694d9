internal import Autodiff

/// A pre-norm transformer block: x + Attention(Norm(x)), then x + MLP(Norm(x)).
///
/// Vaswani et al. 2017, section 3.1, with the norm inside the residual branch as in ViT and CLIP.
struct TransformerBlock: Sendable {
  let attentionNorm: LayerNorm
  let attention: MultiHeadAttention
  let mlpNorm: LayerNorm
  let mlp: MLP

  init(_ scope: ParameterScope, width: Int, headCount: Int, mlpWidth: Int, epsilon: Float) {
    attentionNorm = LayerNorm(scope / "attention_norm", width: width, epsilon: epsilon)
    attention = MultiHeadAttention(
      scope / "attention", width: width, headCount: headCount, initialization: .stacked)
    mlpNorm = LayerNorm(scope / "mlp_norm", width: width, epsilon: epsilon)
    mlp = MLP(scope / "mlp", width: width, hiddenWidth: mlpWidth, activation: .quickGELU)
  }

  var parameters: [Parameter] {
    attentionNorm.parameters + attention.parameters + mlpNorm.parameters + mlp.parameters
  }

  /// - Parameter x: [rows, width]. - Returns: the same shape, or [sequences, width].
  func callAsFunction(
    _ x: Tensor, layout: TokenLayout, keeping kept: KeptTokens
  ) -> Tensor {
    let branch = attention(attentionNorm(x), layout: layout, keeping: kept)
    let x = kept(x, layout: layout) + branch
    return x + mlp(mlpNorm(x))
  }
}
