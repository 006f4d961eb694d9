internal import Autodiff
internal import CKernels

extension LayerNormalization: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    let (x, scale, shift) = (inputs[0], inputs[1], inputs[2])
    let (row, start) = (rows.lowerBound, rows.lowerBound * x.width)
    // Inference keeps no statistics, a recomputed copy may be wanted for them alone.
    let mean = results[1]?.floats ?? context.scratch
    let reciprocalDeviation = results[2]?.floats ?? context.scratch + x.rows
    let y = results[0]?.floats ?? context.scratch + 2 * x.rows
    dq_layer_norm_forward(
      Int64(rows.count), Int64(x.width), x.floats + start, scale.floats, shift.floats, epsilon,
      y + start, mean + row, reciprocalDeviation + row)
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    2 * inputs[0].rows + (results[0] == nil ? inputs[0].count : 0)
  }
}

extension LayerNormalizationGradient: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let dx = results[0] else { return }
    let (x, scale, mean, reciprocalDeviation, dy) = (
      inputs[0], inputs[1], inputs[2], inputs[3], inputs[4]
    )
    let (row, start) = (rows.lowerBound, rows.lowerBound * x.width)
    dq_layer_norm_backward_input(
      Int64(rows.count), Int64(x.width), x.floats + start, scale.floats, mean.floats + row,
      reciprocalDeviation.floats + row, dy.floats + start, dx.floats + start)
  }
}

extension LayerNormalizationParameterGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    let (x, mean, reciprocalDeviation, dy) = (inputs[0], inputs[1], inputs[2], inputs[3])
    let width = x.width
    RowReduction(rows: x.rows, width: 2 * width).run(into: results, in: context) { rows, part in
      let (row, start) = (rows.lowerBound, rows.lowerBound * width)
      dq_layer_norm_backward_parameters(
        Int64(rows.count), Int64(width), x.floats + start, mean.floats + row,
        reciprocalDeviation.floats + row, dy.floats + start, part, part + width)
    }
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    RowReduction(rows: inputs[0].rows, width: 2 * inputs[0].width).scratchCount
  }
}
