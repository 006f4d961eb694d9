/// Batch normalization of each channel over all rows, by the rows' own statistics.
///
///     y = n * scale + shift,  n = (x - mean) / sqrt(variance + epsilon)
///
/// with mean and variance over the rows of the chunk, the variance divided by their number.
///
/// Gradient, over R rows:
///     dscale = sum over rows of dy * n,  dshift = sum over rows of dy
///     dx = (dy - dshift / R - n * dscale / R) * scale / sqrt(variance + epsilon)
///
/// - Inputs: `x` [rows, width], `scale` [width], `shift` [width].
/// - Results: `y` [rows, width]; kept for the gradient: mean and variance [width]; for running
///   statistics: the variance of which the rows are a sample, divided by their number less one.
/// - Source: Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1.
public struct BatchNormalization: Operation {
  public let epsilon: Float

  public var storage: ResultStorage { .mayReplace([0]) }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let (x, width) = (inputs[0], inputs[0].last)
    precondition(
      x.rank == 2 && inputs[1] == [width] && inputs[2] == [width],
      "Batch normalization of \(x) with scale \(inputs[1]) and shift \(inputs[2]).")
    return [x, [width], [width], [width]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    precondition(
      upstream[1...].allSatisfy { $0 == nil }, "Statistics of a batch are read, not differentiated."
    )
    guard let dy = upstream[0] else { return [nil, nil, nil] }
    let (x, scale) = (inputs[0], inputs[1])
    let statistics = [results[1], results[2]]
    let sums = dy.graph.apply(
      BatchNormalizationParameterGradient(epsilon: epsilon), to: [x] + statistics + [dy])
    let dx = dy.graph.apply(
      BatchNormalizationGradient(epsilon: epsilon), to: [x, scale] + statistics + [dy] + sums)[0]
    return [dx, sums[0], sums[1]]
  }
}

/// The same with statistics that are given: a locked norm, and every norm in inference.
///
///     y = (x - mean) / sqrt(variance + epsilon) * scale + shift
///
/// Gradient: dx = dy * scale / sqrt(variance + epsilon), dscale and dshift as above; the statistics
/// are constants.
///
/// - Inputs: `x` [rows, width], then `scale`, `shift`, `mean`, `variance` [width].
/// - Results: `y` [rows, width].
/// - Source: Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 2.
public struct FixedBatchNormalization: Operation {
  public let epsilon: Float

  public var storage: ResultStorage { .mayReplace([0]) }
  public var rowwiseInputs: [Int]? { [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let x = inputs[0]
    precondition(
      x.rank == 2 && inputs[1...].allSatisfy { $0 == [x.last] },
      "Batch normalization of \(x) with scale, shift, mean, variance \(inputs[1...]).")
    return [x]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let dy = upstream[0] else { return inputs.map { _ in nil } }
    let (x, scale, mean, variance) = (inputs[0], inputs[1], inputs[3], inputs[4])
    let sums = dy.graph.apply(
      BatchNormalizationParameterGradient(epsilon: epsilon), to: [x, mean, variance, dy])
    let dx = dy.graph.apply(
      FixedBatchNormalizationGradient(epsilon: epsilon), to: [scale, variance, dy])[0]
    return [dx, sums[0], sums[1], nil, nil]
  }
}

/// dx from x, scale, mean, variance, dy, dscale and dshift, where x made the statistics.
public struct BatchNormalizationGradient: GradientOperation {
  public let epsilon: Float

  public var storage: ResultStorage { .mayReplace([4]) }
  public var rowwiseInputs: [Int]? { [0, 4] }
  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }
}

/// dx from scale, variance and dy, where the statistics were given.
public struct FixedBatchNormalizationGradient: GradientOperation {
  public let epsilon: Float

  public var storage: ResultStorage { .mayReplace([2]) }
  public var rowwiseInputs: [Int]? { [2] }
  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[2]] }
}

/// dscale and dshift from x, mean, variance and dy.
public struct BatchNormalizationParameterGradient: GradientOperation {
  public let epsilon: Float

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    [[inputs[0].last], [inputs[0].last]]
  }
}

/// Rows normalized by their own statistics, and what these were.
public struct BatchNormalized {
  /// [rows, width].
  public let rows: Tensor
  /// Of the rows, [width].
  public let mean: Tensor
  /// Of what the rows are a sample of, [width].
  public let sampleVariance: Tensor
}

extension Tensor {
  public func batchNormalized(scale: Tensor, shift: Tensor, epsilon: Float) -> BatchNormalized {
    let results = graph.apply(BatchNormalization(epsilon: epsilon), to: [self, scale, shift])
    return BatchNormalized(rows: results[0], mean: results[1], sampleVariance: results[3])
  }

  /// - Returns: the same shape.
  public func normalized(
    mean: Tensor, variance: Tensor, scale: Tensor, shift: Tensor, epsilon: Float
  ) -> Tensor {
    graph.apply(
      FixedBatchNormalization(epsilon: epsilon), to: [self, scale, shift, mean, variance])[0]
  }
}
