/// The rectified linear unit.
///
///     y = max(x, 0)
///
/// Gradient: dx = dy where y > 0, else 0.
///
/// - Source: Nair and Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
public struct ReLU: Operation {
  public init() {}

  public var storage: ResultStorage { .mayReplace([0]) }
  public var rowwiseInputs: [Int]? { [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    [upstream[0].map { $0.graph.apply(ReLUGradient(), to: [results[0], $0])[0] }]
  }
}

/// dx from y and dy: the result says what the input would, and the input need not be kept.
public struct ReLUGradient: GradientOperation {
  public var storage: ResultStorage { .mayReplace([0, 1]) }
  public var rowwiseInputs: [Int]? { [0, 1] }
  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }
}

extension Tensor {
  public var relu: Tensor { graph.apply(ReLU(), to: [self])[0] }
}
