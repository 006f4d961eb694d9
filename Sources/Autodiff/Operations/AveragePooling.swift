/// The mean of each square window of a square map, windows side by side.
///
///     y[n, i, j, c] = sum over u, v of x[n, i w + u, j w + v, c] / (w * w)
///
/// Gradient: dx[n, a, b, c] = dy[n, floor(a / w), floor(b / w), c] / (w * w).
///
/// - Inputs: `x` [images * side * side, channels]; the window w divides the side.
/// - Results: `y` [images * (side / w) * (side / w), channels].
public struct AveragePooling: Operation {
  /// Pixels on each side of an input map.
  public let side: Int
  public let window: Int

  public init(side: Int, window: Int) {
    self.side = side
    self.window = window
  }

  public var outputSide: Int { side / window }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let x = inputs[0]
    precondition(
      x.rank == 2 && x[0].factor % (side * side) == 0 && window > 0 && side % window == 0,
      "Means over windows of \(window) of maps \(side) by \(side) in \(x).")
    return [[x.pixelRows(side, to: outputSide), x[1]]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    [
      upstream[0].map {
        $0.graph.apply(AveragePoolingGradient(forward: self, maps: inputs[0].shape), to: [$0])[0]
      }
    ]
  }
}

/// dx from dy.
public struct AveragePoolingGradient: GradientOperation {
  public let forward: AveragePooling
  /// The shape of x.
  public let maps: Shape

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [maps] }
}

extension Tensor {
  /// - Parameter side: pixels on each side of the maps.
  /// - Returns: [images * (side / window) * (side / window), channels].
  public func averagePooled(side: Int, window: Int) -> Tensor {
    window == 1 ? self : graph.apply(AveragePooling(side: side, window: window), to: [self])[0]
  }
}
