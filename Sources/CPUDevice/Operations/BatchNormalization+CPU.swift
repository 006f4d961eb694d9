internal import Autodiff
internal import CKernels

/// Rows that one pass sums before it adds to what earlier ones left: sums of hundreds of thousands
/// of rows in one go would lose digits.
private let summedRows = 256

/// Calls `body` for a range's stretches of `summedRows`.
private func forEachStretch(of rows: Range<Int>, _ body: (Range<Int>) -> Void) {
  for start in stride(from: rows.lowerBound, to: rows.upperBound, by: summedRows) {
    body(start..<min(start + summedRows, rows.upperBound))
  }
}

extension BatchNormalization: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    let (x, scale, shift) = (inputs[0], inputs[1], inputs[2])
    let width = x.width
    let reduction = RowReduction(rows: x.rows, width: width)
    // What nobody reads is kept behind the reduction's own scratch.
    let spare = context.scratch + reduction.scratchCount
    func statistic(_ result: Int) -> CPUBuffer {
      results[result]
        ?? CPUBuffer(
          base: UnsafeMutableRawPointer(spare + (result - 1) * width), extents: scale.extents)
    }
    let (mean, variance, sampleVariance) = (statistic(1), statistic(2), statistic(3))
    reduction.run(into: [mean], in: context) { rows, part in
      forEachStretch(of: rows) {
        dq_column_sum(
          Int64($0.count), Int64(width), x.floats + $0.lowerBound * width, part)
      }
    }
    dq_scale(Int64(width), 1 / Float(max(x.rows, 1)), mean.floats, mean.floats)
    reduction.run(into: [variance], in: context) { rows, part in
      forEachStretch(of: rows) {
        dq_column_squares(
          Int64($0.count), Int64(width), x.floats + $0.lowerBound * width, mean.floats, part)
      }
    }
    dq_scale(
      Int64(width), 1 / Float(max(x.rows - 1, 1)), variance.floats, sampleVariance.floats)
    dq_scale(Int64(width), 1 / Float(max(x.rows, 1)), variance.floats, variance.floats)
    guard let y = results[0] else { return }
    RowBlocks.run(over: x.rows, on: context.threads) { rows in
      let start = rows.lowerBound * width
      dq_batch_norm_forward(
        Int64(rows.count), Int64(width), x.floats + start, scale.floats, shift.floats,
        mean.floats, variance.floats, epsilon, y.floats + start)
    }
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    let width = inputs[0].width
    return RowReduction(rows: inputs[0].rows, width: width).scratchCount + 3 * width
  }
}

extension FixedBatchNormalization: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let y = results[0] else { return }
    let start = rows.lowerBound * y.width
    dq_batch_norm_forward(
      Int64(rows.count), Int64(y.width), inputs[0].floats + start, inputs[1].floats,
      inputs[2].floats, inputs[3].floats, inputs[4].floats, epsilon, y.floats + start)
  }
}

extension BatchNormalizationParameterGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    let (x, mean, variance, dy) = (inputs[0], inputs[1], inputs[2], inputs[3])
    let width = x.width
    RowReduction(rows: x.rows, width: 2 * width).run(into: results, in: context) { rows, part in
      forEachStretch(of: rows) {
        let start = $0.lowerBound * width
        dq_batch_norm_backward_parameters(
          Int64($0.count), Int64(width), x.floats + start, mean.floats, variance.floats, epsilon,
          dy.floats + start, part, part + width)
      }
    }
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    RowReduction(rows: inputs[0].rows, width: 2 * inputs[0].width).scratchCount
  }
}

extension BatchNormalizationGradient: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let dx = results[0] else { return }
    let x = inputs[0]
    let start = rows.lowerBound * x.width
    dq_batch_norm_backward_input(
      Int64(rows.count), Int64(x.width), Int64(x.rows), x.floats + start, inputs[1].floats,
      inputs[2].floats, inputs[3].floats, epsilon, inputs[5].floats, inputs[6].floats,
      inputs[4].floats + start, dx.floats + start)
  }
}

extension FixedBatchNormalizationGradient: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let dx = results[0] else { return }
    let start = rows.lowerBound * dx.width
    dq_fixed_batch_norm_backward_input(
      Int64(rows.count), Int64(dx.width), inputs[0].floats, inputs[1].floats, epsilon,
      inputs[2].floats + start, dx.floats + start)
  }
}
