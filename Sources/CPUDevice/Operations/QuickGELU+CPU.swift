internal import Autodiff
internal import CKernels

extension QuickGELU: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let x = inputs[0]
    context.threads.run(over: y.count, grain: elementGrain) { range in
      dq_quick_gelu_forward(
        Int64(range.count), x.floats + range.lowerBound, y.floats + range.lowerBound)
    }
  }
}

extension QuickGELUGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let dx = results[0] else { return }
    let (x, dy) = (inputs[0], inputs[1])
    context.threads.run(over: dx.count, grain: elementGrain) { range in
      let start = range.lowerBound
      dq_quick_gelu_backward(
        Int64(range.count), x.floats + start, dy.floats + start, dx.floats + start)
    }
  }
}
