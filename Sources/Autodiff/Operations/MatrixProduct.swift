/// The product of two matrices, either one read transposed.
///
///     y = op(a) op(b),  op(m) = m or mᵀ
///
/// Gradient, for y = a b: da = dy bᵀ, db = aᵀ dy; a transposed operand's gradient is transposed.
///
/// - Inputs: `a` [m, k] (or [k, m]), `b` [k, n] (or [n, k]). - Results: `y` [m, n].
public struct MatrixProduct: Operation {
  public let transposesLeft: Bool
  public let transposesRight: Bool

  public var rowwiseInputs: [Int]? { transposesLeft ? nil : [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let (a, b) = (inputs[0], inputs[1])
    precondition(a.rank == 2 && b.rank == 2, "A matrix product of \(a) and \(b).")
    let (rows, inner) = transposesLeft ? (a[1], a[0]) : (a[0], a[1])
    let (otherInner, columns) = transposesRight ? (b[1], b[0]) : (b[0], b[1])
    precondition(
      inner == otherInner,
      "A matrix product over \(inner) and \(otherInner): \(a) transposed \(transposesLeft), "
        + "\(b) transposed \(transposesRight).")
    return [[rows, columns]]
  }

  public func floatingPointOperations(inputs: [[Int]]) -> Int {
    2 * inputs[0][0] * inputs[0][1] * (transposesRight ? inputs[1][0] : inputs[1][1])
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let dy = upstream[0] else { return [nil, nil] }
    let (a, b) = (inputs[0], inputs[1])
    let da =
      transposesLeft
      ? b.matrixProduct(dy, transposingLeft: transposesRight, transposingRight: true)
      : dy.matrixProduct(b, transposingRight: !transposesRight)
    let db =
      transposesRight
      ? dy.matrixProduct(a, transposingLeft: true, transposingRight: transposesLeft)
      : a.matrixProduct(dy, transposingLeft: !transposesLeft)
    return [da, db]
  }
}

extension Tensor {
  /// - Returns: [m, n].
  public func matrixProduct(
    _ right: Tensor, transposingLeft: Bool = false, transposingRight: Bool = false
  ) -> Tensor {
    let product = MatrixProduct(transposesLeft: transposingLeft, transposesRight: transposingRight)
    return graph.apply(product, to: [self, right])[0]
  }
}
