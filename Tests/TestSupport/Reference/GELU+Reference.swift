public import Autodiff
internal import Glibc

/// P(x), the standard normal distribution function.
private func distribution(_ x: Double) -> Double { (1 + erf(x / 2.0.squareRoot())) / 2 }

/// p(x), the standard normal density.
private func density(_ x: Double) -> Double { exp(-x * x / 2) / (2 * Double.pi).squareRoot() }

extension GELU: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    [inputs[0].map { $0 * distribution($0) }]
  }
}

extension GELUGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    [inputs[0].combined(with: inputs[1]) { x, dy in dy * (distribution(x) + x * density(x)) }]
  }
}
