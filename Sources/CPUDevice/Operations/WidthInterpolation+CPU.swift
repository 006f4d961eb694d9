internal import Autodiff
internal import CKernels

extension WidthInterpolation: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let y = results[0] else { return }
    let x = inputs[0]
    dq_interpolate_width(
      Int64(rows.count), Int64(x.width), Int64(y.width), x.floats + rows.lowerBound * x.width,
      y.floats + rows.lowerBound * y.width)
  }
}

extension WidthInterpolationGradient: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let dx = results[0] else { return }
    let dy = inputs[0]
    dq_interpolate_width_backward(
      Int64(rows.count), Int64(dx.width), Int64(dy.width),
      dy.floats + rows.lowerBound * dy.width, dx.floats + rows.lowerBound * dx.width)
  }
}
