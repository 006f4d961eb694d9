/// An affine map of the last axis, weight stored [out, in].
///
///     y = x Wᵀ + b
///
/// Gradient: dx = dy W, dW = dyᵀ x, db = sum of dy over rows.
///
/// - Inputs: `x` [rows, in], `weight` [out, in], optionally `bias` [out].
/// - Results: `y` [rows, out].
public struct AffineMap: Operation {
  public init() {}

  public var rowwiseInputs: [Int]? { [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let (x, weight) = (inputs[0], inputs[1])
    precondition(
      x.rank == 2 && weight.rank == 2 && x[1] == weight[1],
      "An affine map of \(x) needs a weight [out, \(x.last)], not \(weight).")
    if inputs.count == 3 {
      precondition(
        inputs[2] == [weight[0]], "A bias for weight \(weight) is [\(weight[0])], not \(inputs[2])."
      )
    }
    return [[x[0], weight[0]]]
  }

  public func floatingPointOperations(inputs: [[Int]]) -> Int {
    2 * inputs[0][0] * inputs[1][0] * inputs[1][1]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let upstream = upstream[0] else { return inputs.map { _ in nil } }
    let dx = upstream.matrixProduct(inputs[1])
    let dWeight = upstream.matrixProduct(inputs[0], transposingLeft: true)
    guard inputs.count == 3 else { return [dx, dWeight] }
    return [dx, dWeight, upstream.graph.apply(BiasGradient(), to: [upstream])[0]]
  }
}

/// db [width] from dy [rows, width]: the sum over rows.
public struct BiasGradient: GradientOperation {
  public func resultShapes(of inputs: [Shape]) -> [Shape] { [[inputs[0].last]] }
}

extension Tensor {
  /// - Returns: [rows, out].
  public func affineMap(weight: Tensor, bias: Tensor? = nil) -> Tensor {
    graph.apply(AffineMap(), to: [self, weight] + (bias.map { [$0] } ?? []))[0]
  }
}
