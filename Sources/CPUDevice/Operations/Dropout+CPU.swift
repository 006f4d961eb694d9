internal import Autodiff
internal import CKernels

extension Dropout: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    context.threads.run(over: y.count, grain: elementGrain) { range in
      let start = range.lowerBound
      dq_dropout(
        Int64(range.count), UInt64(start), context.randomKey, site, rate, inputs[0].floats + start,
        y.floats + start)
    }
  }
}
