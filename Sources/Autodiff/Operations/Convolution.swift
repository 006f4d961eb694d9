/// Learned filters moved over square maps, whose pixels are rows with the channels side by side.
///
///     y[n, i, j, o] = sum over c, u, v of x[n, i s + u - p, j s + v - p, c] * w[o, c, u, v]
///
/// with s the stride, p the padding and zero for x beyond its edge: cross-correlation, as PyTorch's
/// `Conv2d` without bias, dilation or groups.
///
/// Gradient:
///     dx[n, a, b, c] = sum over o, u, v of
///         dy[n, (a + p - u) / s, (b + p - v) / s, o] * w[o, c, u, v]
///     dw[o, c, u, v] = sum over n, i, j of dy[n, i, j, o] * x[n, i s + u - p, j s + v - p, c]
/// where terms count whose quotients are whole and inside the map.
///
/// Rows [images * side * side, channels] rather than [images, channels, side, side], so that maps
/// of one pixel are affine maps of rows, and norms and activations are those of rows.
///
/// - Inputs: `x` [images * side * side, in], `filters` [out, in, kernel, kernel].
/// - Results: `y` [images * outputSide * outputSide, out].
/// - Source: LeCun et al. 1989, "Backpropagation applied to handwritten zip code recognition".
public struct Convolution: Operation {
  /// Pixels on each side of an input map.
  public let side: Int
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  /// Pixels on each side of a result.
  public var outputSide: Int { (side + 2 * padding - kernel) / stride + 1 }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let (x, filters) = (inputs[0], inputs[1])
    precondition(
      x.rank == 2 && x[0].factor % (side * side) == 0 && filters.rank == 4 && filters[1] == x[1]
        && filters[2].fixed == kernel && filters[3].fixed == kernel && stride > 0 && padding >= 0
        && padding < kernel && kernel <= side + 2 * padding,
      "A convolution of maps \(side) by \(side) in \(x) with filters \(filters), stride \(stride), "
        + "padding \(padding).")
    return [[x.pixelRows(side, to: outputSide), filters[0]]]
  }

  public func floatingPointOperations(inputs: [[Int]]) -> Int {
    let places = inputs[0][0] / (side * side) * outputSide * outputSide
    return 2 * places * inputs[1].reduce(1, *)
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let dy = upstream[0] else { return [nil, nil] }
    let (x, filters) = (inputs[0], inputs[1])
    return [
      dy.graph.apply(
        ConvolutionInputGradient(forward: self, maps: x.shape), to: [dy, filters])[0],
      dy.graph.apply(
        ConvolutionFilterGradient(forward: self, filters: filters.shape), to: [dy, x])[0],
    ]
  }
}

/// dx from dy and the filters.
public struct ConvolutionInputGradient: GradientOperation {
  public let forward: Convolution
  /// The shape of x.
  public let maps: Shape

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [maps] }

  public func floatingPointOperations(inputs: [[Int]]) -> Int {
    2 * inputs[0][0] * inputs[1].reduce(1, *)
  }
}

/// dw from dy and x.
public struct ConvolutionFilterGradient: GradientOperation {
  public let forward: Convolution
  /// The shape of w.
  public let filters: Shape

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [filters] }

  public func floatingPointOperations(inputs: [[Int]]) -> Int {
    2 * inputs[0][0] * inputs[0][1] * inputs[1][1] * forward.kernel * forward.kernel
  }
}

extension Shape {
  /// The rows of maps with another number of pixels on each side.
  func pixelRows(_ side: Int, to newSide: Int) -> Extent {
    Extent(self[0].factor / (side * side) * (newSide * newSide), axes: self[0].axes)
  }
}

extension Tensor {
  /// - Parameter side: pixels on each side of the maps.
  /// - Returns: [images * outputSide * outputSide, out].
  public func convolved(
    with filters: Tensor, side: Int, stride: Int = 1, padding: Int = 0
  ) -> Tensor {
    let kernel = filters.shape.last.fixed ?? 0
    if kernel == 1, stride == 1, padding == 0 {
      return affineMap(weight: filters.reshaped([filters.shape[0], filters.shape[1]]))
    }
    let convolution = Convolution(side: side, kernel: kernel, stride: stride, padding: padding)
    return graph.apply(convolution, to: [self, filters])[0]
  }
}
