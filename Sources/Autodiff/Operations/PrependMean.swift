/// Puts the mean of each sequence before it, as one more row.
///
///     y[s, 0] = sum over t of x[s, t] / length,  y[s, 1 + t] = x[s, t]
///
/// Gradient: dx[s, t] = dy[s, 1 + t] + dy[s, 0] / length.
///
/// - Inputs: `x` [sequences * length, width].
/// - Results: `y` [sequences * (length + 1), width].
/// - Source: the attention pooling of Radford et al. 2021, arXiv:2103.00020, section 2.4.
public struct PrependMean: Operation {
  public let length: Int

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let x = inputs[0]
    precondition(
      x.rank == 2 && x[0].factor % length == 0, "A mean before sequences of \(length) in \(x).")
    let sequences = Extent(x[0].factor / length, axes: x[0].axes)
    return [[sequences * (length + 1), x[1]]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    [upstream[0].map { $0.graph.apply(PrependMeanGradient(length: length), to: [$0])[0] }]
  }
}

/// dx from dy.
public struct PrependMeanGradient: GradientOperation {
  public let length: Int

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let dy = inputs[0]
    let sequences = Extent(dy[0].factor / (length + 1), axes: dy[0].axes)
    return [[sequences * length, dy[1]]]
  }
}

extension Tensor {
  /// - Returns: [sequences * (length + 1), width].
  public func prependingMean(toSequencesOf length: Int) -> Tensor {
    graph.apply(PrependMean(length: length), to: [self])[0]
  }
}
