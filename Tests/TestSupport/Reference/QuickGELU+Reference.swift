public import Autodiff
internal import Glibc

private func gate(_ x: Double) -> Double { 1 / (1 + exp(-1.702 * x)) }

extension QuickGELU: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    [inputs[0].map { $0 * gate($0) }]
  }
}

extension QuickGELUGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    [
      inputs[0].combined(with: inputs[1]) { x, dy in
        let s = gate(x)
        return dy * (s + 1.702 * x * s * (1 - s))
      }
    ]
  }
}
