/// The same elements seen through another shape; costs nothing, a plan aliases it.
///
/// Gradient: dy in the input's shape.
///
/// - Inputs: `x`, any shape. - Results: `y`, the given shape with as many elements.
public struct Reshape: Operation {
  public let shape: Shape

  public var storage: ResultStorage { .view(elementOffset: 0) }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    precondition(
      inputs[0].product == shape.product, "\(inputs[0]) cannot be seen as \(shape): other counts.")
    return [shape]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    [upstream[0].map { $0.reshaped(inputs[0].shape) }]
  }
}

extension Tensor {
  public func reshaped(_ shape: Shape) -> Tensor {
    graph.apply(Reshape(shape: shape), to: [self])[0]
  }
}
