internal import Autodiff
internal import CKernels

extension AddPositions: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let (x, table) = (inputs[0], inputs[1])
    let spans = SequenceSpans(layout, rows: x.rows, tensors: inputs[2...])
    let grain = max(1, elementGrain / max(1, spans.longest * x.width))
    context.threads.run(over: spans.count, grain: grain) { sequences in
      for sequence in sequences {
        // Padding gets positions too; its rows are computed and never read.
        let rows = spans.rows(of: sequence)
        let all = rows.lowerBound..<rows.upperBound + spans.padding(of: sequence).count
        precondition(all.count <= table.rows, "\(all.count) tokens, \(table.rows) positions.")
        let start = all.lowerBound * x.width
        dq_add(Int64(all.count * x.width), x.floats + start, table.floats, y.floats + start)
      }
    }
  }
}

extension PositionGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let dTable = results[0] else { return }
    let dy = inputs[0]
    let spans = SequenceSpans(layout, rows: dy.rows, tensors: inputs[1...])
    clear(dTable, in: context)
    // Each task owns positions, so the order of additions is that of the sequences.
    context.threads.run(over: spans.longest, grain: 16) { positions in
      for sequence in 0..<spans.count {
        let rows = spans.rows(of: sequence)
        let part = positions.clamped(to: 0..<rows.count)
        if part.isEmpty { continue }
        dq_accumulate(
          Int64(part.count * dy.width), dy.floats + (rows.lowerBound + part.lowerBound) * dy.width,
          dTable.floats + part.lowerBound * dy.width)
      }
    }
  }
}
