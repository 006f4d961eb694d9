internal import Autodiff

/// Layer normalization with a learned scale (`weight`) and shift (`bias`).
struct LayerNorm: Sendable {
  let weight: Parameter
  let bias: Parameter
  let epsilon: Float

  init(_ scope: ParameterScope, width: Int, epsilon: Float) {
    weight = scope.parameter("weight", [width], .ones)
    bias = scope.parameter("bias", [width], .zeros)
    self.epsilon = epsilon
  }

  var parameters: [Parameter] { [weight, bias] }

  /// - Parameter x: [rows, width]. - Returns: the same shape.
  func callAsFunction(_ x: Tensor) -> Tensor {
    x.layerNormalized(scale: x.graph[weight], shift: x.graph[bias], epsilon: epsilon)
  }
}
