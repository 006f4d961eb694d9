/// How far rows point away from given ones, in the mean: what distillation makes small.
///
///     loss = mean over r of 1 - cos[r]
///     cos[r] = a b (x[r] · target[r]),  a = 1 / max(|x[r]|, e),  b = 1 / max(|target[r]|, e)
///
/// Gradient, for |x[r]| above e: dx[r] = -dloss a (b target[r] - cos[r] a x[r]) / rows; below it,
/// a is constant and the second term falls away. The target is given: no gradient flows to it.
///
/// - Inputs: `x`, `target` [rows, width]. - Results: `loss` [1].
/// - Source: Chinese-CLIP's `cosineSimilarityLoss`, with PyTorch's floor of lengths.
public struct CosineDistance: Operation {
  /// The least length that a row is divided by, that of PyTorch's `CosineSimilarity`.
  public static let epsilon: Float = 1e-8

  public init() {}

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    precondition(
      inputs.count == 2 && inputs[0].rank == 2 && inputs[1] == inputs[0],
      "A distance needs two equal matrices, not \(inputs.map(\.description)).")
    return [[1]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    let share = upstream[0].map { $0.graph.apply(CosineDistanceGradient(), to: inputs + [$0])[0] }
    return [share, nil]
  }
}

/// dx from x, the target and dloss.
public struct CosineDistanceGradient: GradientOperation {
  public var rowwiseInputs: [Int]? { [0, 1] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }
}

extension Tensor {
  /// - Parameter target: of the same shape; a constant. - Returns: the mean distance, [1].
  public func cosineDistance(to target: Tensor) -> Tensor {
    graph.apply(CosineDistance(), to: [self, target])[0]
  }
}
