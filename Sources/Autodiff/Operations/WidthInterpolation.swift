/// Rows of another width, interpolated linearly between neighbouring elements.
///
///     y[r, d] = (1 - t) x[r, i] + t x[r, min(i + 1, n - 1)]
///     u = max(0, (d + 1/2) n / m - 1/2),  i = floor(u),  t = u - i
///
/// for rows of n elements that become rows of m; n = m changes nothing. Gradient: each dy goes to
/// the two elements that y was made of, in the same shares.
///
/// - Inputs: `x` [rows, n]. - Results: `y` [rows, m].
/// - Source: PyTorch's bilinear `interpolate` with `align_corners` false, by which Chinese-CLIP
///   compares embeddings of two widths (its `cosineSimilarityLoss`).
public struct WidthInterpolation: Operation {
  /// Elements of a result's row.
  public let width: Int

  public var rowwiseInputs: [Int]? { [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let x = inputs[0]
    precondition(
      x.rank == 2 && (x.last.fixed ?? 0) > 0 && width > 0,
      "Rows of \(x) cannot be interpolated to a width of \(width).")
    return [[x[0], Extent(width)]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    let gradient = WidthInterpolationGradient(width: inputs[0].shape.last.fixed ?? 0)
    return [upstream[0].map { $0.graph.apply(gradient, to: [$0])[0] }]
  }
}

/// dx from dy.
public struct WidthInterpolationGradient: GradientOperation {
  /// Elements of a row of dx.
  public let width: Int

  public var rowwiseInputs: [Int]? { [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [[inputs[0][0], Extent(width)]] }
}

extension Tensor {
  /// - Returns: [rows, width]; the rows themselves where they have that width.
  public func interpolated(toWidth width: Int) -> Tensor {
    if shape.last == Extent(width) { return self }
    return graph.apply(WidthInterpolation(width: width), to: [self])[0]
  }
}
