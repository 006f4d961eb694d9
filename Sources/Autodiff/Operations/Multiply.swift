/// Elementwise product of two values of one shape.
///
///     y = a * b
///
/// Gradient: da = dy * b, db = dy * a.
public struct Multiply: Operation {
  public init() {}

  public var storage: ResultStorage { .mayReplace([0, 1]) }
  public var rowwiseInputs: [Int]? { [0, 1] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    precondition(
      inputs.count == 2 && inputs[0] == inputs[1],
      "Multiply needs two equal shapes, not \(inputs.map(\.description)).")
    return [inputs[0]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let upstream = upstream[0] else { return [nil, nil] }
    return [upstream * inputs[1], upstream * inputs[0]]
  }
}

extension Tensor {
  public static func * (left: Tensor, right: Tensor) -> Tensor {
    left.graph.apply(Multiply(), to: [left, right])[0]
  }
}
