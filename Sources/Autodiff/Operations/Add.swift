/// Elementwise sum of two values of one shape.
///
///     y = a + b
///
/// Gradient: da = dy, db = dy.
public struct Add: Operation {
  public init() {}

  public var storage: ResultStorage { .mayReplace([0, 1]) }
  public var rowwiseInputs: [Int]? { [0, 1] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    precondition(
      inputs.count == 2 && inputs[0] == inputs[1],
      "Add needs two equal shapes, not \(inputs.map(\.description)).")
    return [inputs[0]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    [upstream[0], upstream[0]]
  }
}

extension Tensor {
  public static func + (left: Tensor, right: Tensor) -> Tensor {
    left.graph.apply(Add(), to: [left, right])[0]
  }
}
