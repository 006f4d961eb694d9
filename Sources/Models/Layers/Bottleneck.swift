internal import Autodiff

/// A residual block of three convolutions, the middle one over a quarter of the channels.
///
/// He et al. 2015, arXiv:1512.03385, figure 5, as CLIP changed it: all striding is done by average
/// pools, before the last convolution and before the shortcut's (Radford et al. 2021,
/// arXiv:2103.00020, section 2.4, after Zhang 2019, arXiv:1904.11486).
struct Bottleneck: Sendable {
  /// 1 by 1 to the inner width, 3 by 3, 1 by 1 to four times the inner width.
  let reduction: NormalizedConvolution
  let convolution: NormalizedConvolution
  let expansion: NormalizedConvolution
  /// What maps the input to the result's channels, in the first block of a layer.
  let shortcut: NormalizedConvolution?
  let stride: Int

  /// - Parameters:
  ///   - innerWidth: channels of the first two convolutions; the result has four times as many.
  ///   - isFirst: whether it is the first of its layer.
  init(_ scope: ParameterScope, width: Int, innerWidth: Int, stride: Int, isFirst: Bool) {
    func part(
      _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int, scale: Initializer = .ones
    ) -> NormalizedConvolution {
      NormalizedConvolution(
        convolution: scope / name, norm: scope / name / "norm", inputs: inputs, outputs: outputs,
        kernel: kernel, scale: scale)
    }
    reduction = part("reduction", width, innerWidth, kernel: 1)
    convolution = part("convolution", innerWidth, innerWidth, kernel: 3)
    // Blocks start as the identity (CLIP's `initialize_parameters`).
    expansion = part("expansion", innerWidth, 4 * innerWidth, kernel: 1, scale: .zeros)
    shortcut = isFirst ? part("shortcut", width, 4 * innerWidth, kernel: 1) : nil
    self.stride = stride
  }

  var parameters: [Parameter] {
    reduction.parameters + convolution.parameters + expansion.parameters
      + (shortcut?.parameters ?? [])
  }

  /// - Parameters:
  ///   - x: [images * side * side, width].
  ///   - trained: the parameters that the graph will be differentiated by.
  /// - Returns: [images * (side / stride) * (side / stride), 4 * innerWidth].
  func callAsFunction(_ x: Tensor, side: Int, trained: Set<Parameter>) -> Tensor {
    let outputSide = side / stride
    let reduced = reduction(x, side: side, trained: trained).relu
    let convolved = convolution(reduced, side: side, trained: trained).relu
      .averagePooled(side: side, window: stride)
    let branch = expansion(convolved, side: outputSide, trained: trained)
    guard let shortcut else { return (x + branch).relu }
    let pooled = x.averagePooled(side: side, window: stride)
    return (shortcut(pooled, side: outputSide, trained: trained) + branch).relu
  }
}
