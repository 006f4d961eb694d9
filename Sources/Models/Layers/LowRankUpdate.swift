internal import Autodiff

/// What a linear layer learns beside its weight: y = (alpha / rank) (x Aᵀ) Bᵀ.
///
/// Hu et al. 2021, arXiv:2106.09685, equation 3. As in the paper's code (loralib/layers.py), A
/// starts as PyTorch's weights do, uniform within 1 / sqrt(inputs), and B with zeros, so that
/// nothing changes at first. Their axes are [outputs, inputs], as those of all weights here.
struct LowRankUpdate: Sendable {
  static let downName = "lora_a"
  static let upName = "lora_b"

  /// A: [rank, inputs].
  let down: Parameter
  /// B: [outputs, rank].
  let up: Parameter
  let scale: Float

  /// - Parameter scope: the linear layer's own.
  init(_ scope: ParameterScope, inputs: Int, outputs: Int, rank: Int, scale: Float) {
    down = scope.parameter(
      Self.downName, [rank, inputs], .uniform(bound: 1 / Float(inputs).squareRoot()))
    up = scope.parameter(Self.upName, [outputs, rank], .zeros)
    self.scale = scale
  }

  var parameters: [Parameter] { [down, up] }

  /// - Parameter x: [rows, inputs]. - Returns: [rows, outputs].
  func callAsFunction(_ x: Tensor) -> Tensor {
    let graph = x.graph
    // The small matrix is scaled, not the rows.
    let scaledUp = graph[up] * graph.filled(scale, up.shape)
    return x.affineMap(weight: graph[down]).affineMap(weight: scaledUp)
  }
}
