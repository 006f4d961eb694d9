/// Layer normalization over the last axis.
///
///     y = n * scale + shift,  n = (x - mean) / sqrt(variance + epsilon)
///
/// Gradient, with g = dy * scale:
///     dx = (g - mean(g) - n * mean(g * n)) / sqrt(variance + epsilon)
///     dscale = sum over rows of dy * n,  dshift = sum over rows of dy
///
/// - Inputs: `x` [rows, width], `scale` [width], `shift` [width].
/// - Results: `y` [rows, width]; kept for the gradient, [rows] each: mean and
///   1 / sqrt(variance + epsilon).
/// - Source: Ba, Kiros and Hinton 2016, arXiv:1607.06450, equations 3 and 4.
public struct LayerNormalization: Operation {
  public let epsilon: Float

  public var storage: ResultStorage { .mayReplace([0]) }
  public var rowwiseInputs: [Int]? { [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let x = inputs[0]
    precondition(
      x.rank == 2 && inputs[1] == [x.last] && inputs[2] == [x.last],
      "Layer normalization of \(x) with scale \(inputs[1]) and shift \(inputs[2]).")
    return [x, [x[0]], [x[0]]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let dy = upstream[0] else { return [nil, nil, nil] }
    let graph = dy.graph
    let (x, scale) = (inputs[0], inputs[1])
    let (mean, reciprocalDeviation) = (results[1], results[2])
    let dx = graph.apply(
      LayerNormalizationGradient(), to: [x, scale, mean, reciprocalDeviation, dy])[0]
    let parameters = graph.apply(
      LayerNormalizationParameterGradient(), to: [x, mean, reciprocalDeviation, dy])
    return [dx, parameters[0], parameters[1]]
  }
}

/// dx from x, scale, mean, reciprocal deviation and dy.
public struct LayerNormalizationGradient: GradientOperation {
  public var storage: ResultStorage { .mayReplace([4]) }
  public var rowwiseInputs: [Int]? { [0, 2, 3, 4] }
  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }
}

/// dscale and dshift from x, mean, reciprocal deviation and dy.
public struct LayerNormalizationParameterGradient: GradientOperation {
  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    [[inputs[0].last], [inputs[0].last]]
  }
}

extension Tensor {
  /// - Returns: the same shape.
  public func layerNormalized(scale: Tensor, shift: Tensor, epsilon: Float) -> Tensor {
    graph.apply(LayerNormalization(epsilon: epsilon), to: [self, scale, shift])[0]
  }
}
