/// A few successive rows of a matrix; a view, a plan aliases it.
///
/// Gradient: dy in its rows, zero elsewhere.
///
/// - Inputs: `x` [rows, width], both fixed. - Results: `y` [count, width].
public struct RowSlice: Operation {
  public let first: Int
  public let count: Int
  public let width: Int

  public var storage: ResultStorage { .view(elementOffset: first * width) }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let rows = inputs[0][0].fixed ?? 0
    precondition(
      inputs[0].rank == 2 && inputs[0][1] == Extent(width) && first >= 0 && first + count <= rows,
      "Rows \(first) ..< \(first + count) of \(inputs[0]).")
    return [[Extent(count), Extent(width)]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    let gradient = RowSliceGradient(first: first, whole: inputs[0].shape)
    return [upstream[0].map { $0.graph.apply(gradient, to: [$0])[0] }]
  }
}

/// dx from dy.
public struct RowSliceGradient: GradientOperation {
  public let first: Int
  public let whole: Shape

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [whole] }
}

extension Tensor {
  /// - Returns: [range.count, width].
  public func rows(_ range: Range<Int>) -> Tensor {
    guard let width = shape.last.fixed else {
      preconditionFailure("Rows are sliced from a matrix of fixed width, not \(shape).")
    }
    let slice = RowSlice(first: range.lowerBound, count: range.count, width: width)
    return graph.apply(slice, to: [self])[0]
  }
}
