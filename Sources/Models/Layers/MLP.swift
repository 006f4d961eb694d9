internal import Autodiff

/// Two affine maps with an activation between them.
struct MLP: Sendable {
  enum Activation: Sendable {
    case gelu
    case quickGELU
  }

  let hidden: Linear
  let output: Linear
  let activation: Activation

  /// - Parameters:
  ///   - weight: how both weights start; `nil` for PyTorch's default.
  ///   - bias: how both biases start; `nil` for PyTorch's default.
  init(
    _ scope: ParameterScope, width: Int, hiddenWidth: Int, activation: Activation,
    weight: Initializer? = nil, bias: Initializer? = nil
  ) {
    hidden = Linear(
      scope / "hidden", inputs: width, outputs: hiddenWidth, weight: weight, bias: bias)
    output = Linear(
      scope / "output", inputs: hiddenWidth, outputs: width, weight: weight, bias: bias)
    self.activation = activation
  }

  var parameters: [Parameter] { hidden.parameters + output.parameters }

  /// - Parameter x: [rows, width]. - Returns: the same shape.
  func callAsFunction(_ x: Tensor) -> Tensor {
    let hidden = hidden(x)  // [rows, hiddenWidth]
    switch activation {
    case .gelu: return output(hidden.gelu)
    case .quickGELU: return output(hidden.quickGELU)
    }
  }
}
