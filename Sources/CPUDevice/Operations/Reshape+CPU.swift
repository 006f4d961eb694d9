internal import Autodiff
internal import Glibc

extension Reshape: CPUExecutable {
  /// Runs only where a plan did not alias the view.
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    memcpy(y.base, inputs[0].base, y.byteCount)
  }
}
