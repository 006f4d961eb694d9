internal import Autodiff

extension MatrixProduct: RowwiseCPUExecutable {
  func prepare(
    _ inputs: [CPUBuffer], for results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    product(inputs, context).pack(into: context.scratch, on: context.threads)
  }

  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    if transposesLeft {
      add(inputs, to: y.floats, replacing: true, in: context)
    } else {
      _ = prepare(inputs, for: results, in: context)
      RowBlocks.run(over: y.rows, on: context.threads) { rows in
        run(inputs, into: results, rows: rows, in: context)
      }
    }
  }

  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    precondition(!transposesLeft, "A product over rows mixes them.")
    guard let y = results[0] else { return }
    let a = inputs[0]
    product(inputs, context).multiply(
      rows: rows.count, x: a.floats + rows.lowerBound * a.width, scratch: context.scratch,
      on: context.threads, start: nil, into: y.floats + rows.lowerBound * y.width)
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    if !transposesLeft {
      return product(inputs, context).scratchCount(threadCount: context.threads.threadCount)
    }
    return transposesRight ? 0 : weightGradient(inputs, context).scratchCount
  }

  private func product(_ inputs: [CPUBuffer], _ context: CPUContext) -> PanelProduct {
    let (a, b) = (inputs[0], inputs[1])
    return PanelProduct(
      columns: transposesRight ? b.rows : b.width, depth: a.width,
      operand: b.floats, transposes: transposesRight, format: context.products)
  }

  private func weightGradient(_ inputs: [CPUBuffer], _ context: CPUContext) -> WeightGradient {
    WeightGradient(
      m: inputs[0].width, n: inputs[1].width, rows: inputs[0].rows, format: context.products)
  }
}

extension MatrixProduct: GradientAddingCPUExecutable {
  var addsToGradient: Bool { transposesLeft }

  func add(
    _ inputs: [CPUBuffer], to target: UnsafeMutablePointer<Float>, in context: CPUContext
  ) {
    add(inputs, to: target, replacing: false, in: context)
  }

  /// y (+)= aᵀ op(b).
  private func add(
    _ inputs: [CPUBuffer], to y: UnsafeMutablePointer<Float>, replacing: Bool,
    in context: CPUContext
  ) {
    let (a, b) = (inputs[0], inputs[1])
    if transposesRight {
      GEMM.multiply(
        a.floats, transposingLeft: true, by: b.floats, transposingRight: true, into: y,
        m: a.width, n: b.rows, k: a.rows, adding: !replacing, on: context.threads)
    } else {
      weightGradient(inputs, context).multiply(
        a.floats, b.floats, into: y, adding: !replacing, in: context)
    }
  }
}
