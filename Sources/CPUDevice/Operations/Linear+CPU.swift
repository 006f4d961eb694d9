internal import Autodiff
internal import CKernels
internal import Glibc

extension AffineMap: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let (x, weight) = (inputs[0], inputs[1])
    GEMM.multiply(
      x.floats, by: weight.floats, transposingRight: true, into: y.floats, m: x.rows, n: y.width,
      k: x.width, on: context.threads)
    guard inputs.count == 3 else { return }
    context.threads.run(over: y.rows, grain: y.rowGrain) { rows in
      dq_bias_add(
        Int64(rows.count), Int64(y.width), inputs[2].floats,
        y.floats + rows.lowerBound * y.width)
    }
  }
}

extension BiasGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let db = results[0] else { return }
    let dy = inputs[0]
    RowReduction(rows: dy.rows, width: dy.width).run(into: [db], in: context) { rows, partial in
      dq_column_sum(
        Int64(rows.count), Int64(dy.width), dy.floats + rows.lowerBound * dy.width, partial)
    }
  }

  func scratchCount(for inputs: [CPUBuffer]) -> Int {
    RowReduction(rows: inputs[0].rows, width: inputs[0].width).scratchCount
  }
}
