internal import Autodiff
internal import CKernels

extension Exponential: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    context.threads.run(over: y.count, grain: elementGrain) { range in
      let start = range.lowerBound
      dq_exp(Int64(range.count), inputs[0].floats + start, y.floats + start)
    }
  }
}
