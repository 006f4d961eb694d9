internal import Autodiff
internal import CKernels

extension Multiply: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let (a, b) = (inputs[0], inputs[1])
    context.threads.run(over: y.count, grain: elementGrain) { range in
      let start = range.lowerBound
      dq_multiply(Int64(range.count), a.floats + start, b.floats + start, y.floats + start)
    }
  }
}
