internal import Autodiff
internal import CKernels

extension CosineDistance: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let loss = results[0] else { return }
    let (x, target) = (inputs[0], inputs[1])
    let cosines = context.scratch
    context.threads.run(over: x.rows, grain: x.rowGrain) { rows in
      let start = rows.lowerBound * x.width
      dq_cosines(
        Int64(rows.count), Int64(x.width), x.floats + start, target.floats + start,
        CosineDistance.epsilon, cosines + rows.lowerBound)
    }
    // In one order, whatever the threads.
    loss.floats[0] = Float(1 - dq_sum(Int64(x.rows), cosines) / Double(x.rows))
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int { inputs[0].rows }
}

extension CosineDistanceGradient: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let dx = results[0] else { return }
    let (x, target, dLoss) = (inputs[0], inputs[1], inputs[2].floats[0])
    let start = rows.lowerBound * x.width
    dq_cosine_backward(
      Int64(rows.count), Int64(x.width), x.floats + start, target.floats + start,
      CosineDistance.epsilon, -dLoss / Float(x.rows), dx.floats + start)
  }
}
