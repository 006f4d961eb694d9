internal import Autodiff

/// An affine map of the last axis: y = x Wᵀ + b, or without b; with a low-rank update on top where
/// the model asks for one.
struct Linear: Sendable {
  let weight: Parameter
  let bias: Parameter?
  let update: LowRankUpdate?

  /// - Parameters:
  ///   - weight: how the weight [outputs, inputs] starts; `nil` for PyTorch's default, uniform
  ///     within 1 / sqrt(inputs), for weight and bias alike.
  ///   - bias: how the bias [outputs] starts; ignored when `hasBias` is false.
  init(
    _ scope: ParameterScope, inputs: Int, outputs: Int, hasBias: Bool = true,
    weight: Initializer? = nil, bias: Initializer? = nil
  ) {
    let usual = Initializer.uniform(bound: 1 / Float(inputs).squareRoot())
    self.weight = scope.parameter("weight", [outputs, inputs], weight ?? usual)
    self.bias = hasBias ? scope.parameter("bias", [outputs], bias ?? usual) : nil
    update = scope.lowRankUpdates.flatMap { updates in
      updates.layers.contains(scope.path)
        ? LowRankUpdate(
          scope, inputs: inputs, outputs: outputs, rank: updates.rank, scale: updates.scale) : nil
    }
  }

  var parameters: [Parameter] {
    [weight] + (bias.map { [$0] } ?? []) + (update?.parameters ?? [])
  }

  /// - Parameter x: [rows, inputs]. - Returns: [rows, outputs].
  func callAsFunction(_ x: Tensor) -> Tensor {
    let mapped = x.affineMap(weight: x.graph[weight], bias: bias.map { x.graph[$0] })
    guard let update else { return mapped }
    return mapped + update(x)
  }
}
