internal import Autodiff

extension MatrixProduct: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let (a, b) = (inputs[0], inputs[1])
    GEMM.multiply(
      a.floats, transposingLeft: transposesLeft, by: b.floats, transposingRight: transposesRight,
      into: y.floats, m: y.rows, n: y.width, k: transposesLeft ? a.rows : a.width,
      on: context.threads)
  }
}
