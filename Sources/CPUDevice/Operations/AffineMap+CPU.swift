internal import Autodiff
internal import CKernels

extension AffineMap: RowwiseCPUExecutable {
  func prepare(
    _ inputs: [CPUBuffer], for results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    product(inputs, context).pack(into: context.scratch, on: context.threads)
  }

  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let y = results[0] else { return }
    let x = inputs[0]
    product(inputs, context).multiply(
      rows: rows.count, x: x.floats + rows.lowerBound * x.width, scratch: context.scratch,
      on: context.threads, start: inputs.count == 3 ? UnsafePointer(inputs[2].floats) : nil,
      into: y.floats + rows.lowerBound * y.width)
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    product(inputs, context).scratchCount(threadCount: context.threads.threadCount)
  }

  private func product(_ inputs: [CPUBuffer], _ context: CPUContext) -> PanelProduct {
    let (x, weight) = (inputs[0], inputs[1])
    return PanelProduct(
      columns: weight.rows, depth: x.width, operand: weight.floats, transposes: true,
      format: context.products)
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

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    RowReduction(rows: inputs[0].rows, width: inputs[0].width).scratchCount
  }
}
