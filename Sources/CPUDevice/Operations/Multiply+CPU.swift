internal import Autodiff
internal import CKernels

extension Multiply: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let y = results[0] else { return }
    let range = y.elements(ofRows: rows)
    let start = range.lowerBound
    dq_multiply(
      Int64(range.count), inputs[0].floats + start, inputs[1].floats + start, y.floats + start)
  }
}
