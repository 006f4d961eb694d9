internal import Autodiff
internal import CKernels

extension Fill: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    context.threads.run(over: y.count, grain: elementGrain) { range in
      let start = range.lowerBound
      dq_fill(Int64(range.count), value, y.floats + start)
    }
  }
}
