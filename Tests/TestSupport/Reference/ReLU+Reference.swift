public import Autodiff

extension ReLU: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    [inputs[0].map { $0 < 0 ? 0 : $0 }]
  }
}

extension ReLUGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    [inputs[0].combined(with: inputs[1]) { y, dy in y > 0 ? dy : 0 }]
  }
}
