/// Rows scaled to unit length; a row shorter than epsilon is divided by epsilon instead.
///
///     y = x / max(|x|, epsilon)
///
/// Gradient, for |x| above epsilon: dx = (dy - y * sum(dy * y)) / |x|.
///
/// - Inputs: `x` [rows, width].
/// - Results: `y` [rows, width]; kept for the gradient: 1 / max(|x|, epsilon), [rows].
public struct L2Normalization: Operation {
  /// Far below any embedding's length; keeps a zero row at zero instead of NaN.
  public static let epsilon: Float = 1e-12

  public init() {}

  public var rowwiseInputs: [Int]? { [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    precondition(inputs[0].rank == 2, "L2 normalization of \(inputs[0]); it needs [rows, width].")
    return [inputs[0], [inputs[0][0]]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    [upstream[0].map { $0.graph.apply(L2NormalizationGradient(), to: results + [$0])[0] }]
  }
}

/// dx from y, the reciprocal length and dy.
public struct L2NormalizationGradient: GradientOperation {
  public var rowwiseInputs: [Int]? { [0, 1, 2] }
  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }
}

extension Tensor {
  /// - Returns: the same shape, rows of length 1.
  public var l2Normalized: Tensor { graph.apply(L2Normalization(), to: [self])[0] }
}
