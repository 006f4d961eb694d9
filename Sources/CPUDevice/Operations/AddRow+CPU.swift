internal import Autodiff
internal import CKernels
internal import Glibc

extension AddRow: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let y = results[0] else { return }
    let (x, row) = (inputs[0], inputs[1])
    let range = y.elements(ofRows: rows)
    let start = range.lowerBound
    if y.base != x.base {
      memcpy(y.floats + start, x.floats + start, range.count * MemoryLayout<Float>.stride)
    }
    dq_bias_add(Int64(range.count / x.width), Int64(x.width), row.floats, y.floats + start)
  }
}
