internal import Autodiff
internal import Glibc

extension RowSlice: CPUExecutable {
  /// Runs only where a plan did not alias the view.
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    memcpy(y.base, inputs[0].floats + first * y.width, y.byteCount)
  }
}

extension RowSliceGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let dx = results[0] else { return }
    clear(dx, in: context)
    memcpy(dx.floats + first * dx.width, inputs[0].base, inputs[0].byteCount)
  }
}
