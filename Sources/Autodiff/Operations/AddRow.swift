/// Adds one row to every row: BERT's token type, which is the same for all tokens here.
///
///     y[r] = x[r] + row
///
/// Gradient: dx = dy, drow = sum of dy over rows.
///
/// - Inputs: `x` [rows, width], `row` [width]. - Results: `y` [rows, width].
public struct AddRow: Operation {
  public init() {}

  public var storage: ResultStorage { .mayReplace([0]) }
  public var rowwiseInputs: [Int]? { [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    precondition(inputs[1] == [inputs[0].last], "A row \(inputs[1]) for rows \(inputs[0]).")
    return [inputs[0]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let dy = upstream[0] else { return [nil, nil] }
    return [dy, dy.graph.apply(BiasGradient(), to: [dy])[0]]
  }
}

extension Tensor {
  /// - Parameter row: [width]. - Returns: the same shape.
  public func addingRow(_ row: Tensor) -> Tensor {
    graph.apply(AddRow(), to: [self, row])[0]
  }
}
