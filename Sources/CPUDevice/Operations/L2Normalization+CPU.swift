internal import Autodiff
internal import CKernels

extension L2Normalization: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    let x = inputs[0]
    let start = rows.lowerBound * x.width
    // A recomputed copy may be wanted for its lengths alone, an encoder's for its rows.
    let y = results[0]?.floats ?? context.scratch
    let reciprocalLength = results[1]?.floats ?? context.scratch
    dq_l2_normalize_forward(
      Int64(rows.count), Int64(x.width), x.floats + start, L2Normalization.epsilon, y + start,
      reciprocalLength + rows.lowerBound)
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    results[0] == nil ? inputs[0].count : results[1] == nil ? inputs[0].rows : 0
  }
}

extension L2NormalizationGradient: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let dx = results[0] else { return }
    let (y, reciprocalLength, dy) = (inputs[0], inputs[1], inputs[2])
    let start = rows.lowerBound * y.width
    dq_l2_normalize_backward(
      Int64(rows.count), Int64(y.width), y.floats + start,
      reciprocalLength.floats + rows.lowerBound, dy.floats + start, dx.floats + start)
  }
}
