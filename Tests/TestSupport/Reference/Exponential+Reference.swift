public import Autodiff
internal import Glibc

extension Exponential: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    [inputs[0].map { exp($0) }]
  }
}
