/// The Gaussian error linear unit in its exact form, as BERT uses it.
///
///     y = x * P(x),  P(x) = (1 + erf(x / sqrt 2)) / 2
///
/// Gradient: dx = dy * (P(x) + x * p(x)), with p the standard normal density.
///
/// - Source: Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2.
public struct GELU: Operation {
  public init() {}

  public var storage: ResultStorage { .mayReplace([0]) }
  public var rowwiseInputs: [Int]? { [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    [upstream[0].map { $0.graph.apply(GELUGradient(), to: [inputs[0], $0])[0] }]
  }
}

/// dx from x and dy.
public struct GELUGradient: GradientOperation {
  public var storage: ResultStorage { .mayReplace([0, 1]) }
  public var rowwiseInputs: [Int]? { [0, 1] }
  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }
}

extension Tensor {
  public var gelu: Tensor { graph.apply(GELU(), to: [self])[0] }
}
