/// The natural exponential, elementwise; turns the stored logit scale into the multiplier.
///
///     y = exp(x)
///
/// Gradient: dx = dy * y.
public struct Exponential: Operation {
  public init() {}

  public var storage: ResultStorage { .mayReplace([0]) }

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    [upstream[0].map { $0 * results[0] }]
  }
}

extension Tensor {
  /// e to the power of every element.
  public var exponential: Tensor { graph.apply(Exponential(), to: [self])[0] }
}
