internal import Autodiff
internal import CKernels

extension L2Normalization: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    let x = inputs[0]
    // A recomputed copy may be wanted for its lengths alone.
    dq_l2_normalize_forward(
      Int64(x.rows), Int64(x.width), x.floats, L2Normalization.epsilon,
      results[0]?.floats ?? context.scratch + x.rows, results[1]?.floats ?? context.scratch)
  }

  func scratchCount(for inputs: [CPUBuffer]) -> Int { inputs[0].rows + inputs[0].count }
}

extension L2NormalizationGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let dx = results[0] else { return }
    let (y, reciprocalLength, dy) = (inputs[0], inputs[1], inputs[2])
    dq_l2_normalize_backward(
      Int64(y.rows), Int64(y.width), y.floats, reciprocalLength.floats, dy.floats, dx.floats)
  }
}
