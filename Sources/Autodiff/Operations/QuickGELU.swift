/// The sigmoid approximation of GELU that OpenAI's CLIP was trained with.
///
///     y = x * s(1.702 x),  s(z) = 1 / (1 + exp(-z))
///
/// Gradient: dx = dy * (s + 1.702 x s (1 - s)), with s = s(1.702 x).
///
/// - Source: Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2 (the constant 1.702).
public struct QuickGELU: Operation {
  public init() {}

  public var storage: ResultStorage { .mayReplace([0]) }
  public var rowwiseInputs: [Int]? { [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    [upstream[0].map { $0.graph.apply(QuickGELUGradient(), to: [inputs[0], $0])[0] }]
  }
}

/// dx from x and dy.
public struct QuickGELUGradient: GradientOperation {
  public var storage: ResultStorage { .mayReplace([0, 1]) }
  public var rowwiseInputs: [Int]? { [0, 1] }
  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }
}

extension Tensor {
  public var quickGELU: Tensor { graph.apply(QuickGELU(), to: [self])[0] }
}
