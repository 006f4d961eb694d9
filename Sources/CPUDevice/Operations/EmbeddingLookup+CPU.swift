internal import Autodiff
internal import CKernels
internal import Glibc

extension EmbeddingLookup: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let (table, ids) = (inputs[0], inputs[1])
    for row in 0..<y.rows {
      let id = Int(ids.ids[row])
      precondition(id >= 0 && id < table.rows, "Token id \(id) in a table of \(table.rows) rows.")
    }
    context.threads.run(over: y.rows, grain: y.rowGrain) { rows in
      dq_gather_rows(
        Int64(rows.count), Int64(y.width), ids.ids + rows.lowerBound, table.floats,
        y.floats + rows.lowerBound * y.width)
    }
  }
}

extension EmbeddingGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let dTable = results[0] else { return }
    clear(dTable, in: context)
    add(inputs, to: dTable.floats, in: context)
  }
}

extension EmbeddingGradient: GradientAddingCPUExecutable {
  var addsToGradient: Bool { true }

  /// The padding entry's row is left as it was.
  func add(
    _ inputs: [CPUBuffer], to target: UnsafeMutablePointer<Float>, in context: CPUContext
  ) {
    let (ids, dy) = (inputs[0], inputs[1])
    forColumns(of: dy.width, in: context) { columns in
      var start = 0
      // Runs of rows between padding.
      for row in 0...dy.rows where row == dy.rows || ids.ids[row] == paddingID {
        dq_scatter_add_rows(
          Int64(row - start), Int64(dy.width), Int64(columns.lowerBound),
          Int64(columns.upperBound), ids.ids + start, dy.floats + start * dy.width, target)
        start = row + 1
      }
    }
  }
}

/// Sets a value to zero.
func clear(_ value: CPUBuffer, in context: CPUContext) {
  context.threads.run(over: value.count, grain: elementGrain) { range in
    memset(
      value.floats + range.lowerBound, 0, range.count * MemoryLayout<Float>.stride)
  }
}

/// Threads that scatter rows own columns, so that the order of additions is that of the rows.
func forColumns(of width: Int, in context: CPUContext, _ body: (Range<Int>) -> Void) {
  context.threads.run(over: width, grain: max(16, (width + 3) / 4), body)
}
