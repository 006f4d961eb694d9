internal import Autodiff
internal import CKernels

extension Dropout: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let y = results[0] else { return }
    let range = y.elements(ofRows: rows)
    let start = range.lowerBound
    dq_dropout(
      Int64(range.count), UInt64(start), context.randomKey, site, rate, inputs[0].floats + start,
      y.floats + start)
  }
}
