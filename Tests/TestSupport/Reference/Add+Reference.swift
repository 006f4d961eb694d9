public import Autodiff

extension Add: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    [inputs[0].combined(with: inputs[1], +)]
  }
}
