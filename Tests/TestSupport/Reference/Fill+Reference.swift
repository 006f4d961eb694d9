public import Autodiff

extension Fill: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    [ReferenceArray(sizes: context.resultSizes[0], repeating: Double(value))]
  }
}
