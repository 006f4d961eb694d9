internal import Autodiff
internal import CKernels
internal import Glibc

extension AddRow: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let (x, row) = (inputs[0], inputs[1])
    context.threads.run(over: x.rows, grain: x.rowGrain) { rows in
      let start = rows.lowerBound * x.width
      let count = rows.count * x.width
      if y.base != x.base {
        memcpy(y.floats + start, x.floats + start, count * MemoryLayout<Float>.stride)
      }
      dq_bias_add(Int64(rows.count), Int64(x.width), row.floats, y.floats + start)
    }
  }
}
