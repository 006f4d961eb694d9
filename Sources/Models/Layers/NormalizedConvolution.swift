internal import Autodiff

/// A convolution without bias and the batch norm after it, which would take a bias away again.
struct NormalizedConvolution: Sendable {
  /// [outputs, inputs, kernel, kernel].
  let filters: Parameter
  let norm: BatchNorm
  let kernel: Int
  let stride: Int

  /// - Parameters:
  ///   - convolution: where the filters are; they start as PyTorch's `Conv2d`, uniform within
  ///     1 / sqrt(inputs * kernel * kernel).
  ///   - scale: how the norm's scale starts.
  init(
    convolution: ParameterScope, norm: ParameterScope, inputs: Int, outputs: Int, kernel: Int,
    stride: Int = 1, scale: Initializer = .ones
  ) {
    filters = convolution.parameter(
      "weight", [outputs, inputs, kernel, kernel],
      .uniform(bound: 1 / Float(inputs * kernel * kernel).squareRoot()))
    self.norm = BatchNorm(norm, width: outputs, weight: scale)
    self.kernel = kernel
    self.stride = stride
  }

  var parameters: [Parameter] { [filters] + norm.parameters }

  /// Padded so that an odd kernel's every place has its middle on the map.
  ///
  /// - Parameters:
  ///   - x: [images * side * side, inputs].
  ///   - trained: the parameters that the graph will be differentiated by.
  /// - Returns: [images * (side / stride) * (side / stride), outputs].
  func callAsFunction(_ x: Tensor, side: Int, trained: Set<Parameter>) -> Tensor {
    let convolved = x.convolved(
      with: x.graph[filters], side: side, stride: stride, padding: kernel / 2)
    return norm(convolved, trained: trained)
  }
}
