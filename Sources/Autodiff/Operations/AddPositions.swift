/// Adds to every row the table row of its position inside its sequence.
///
///     y[r] = x[r] + table[position of r]
///
/// Gradient: dx = dy; dtable[p] = sum of dy over all rows at position p.
///
/// - Inputs: `x` [rows, width], `table` [positions, width], then the layout's tensors.
/// - Results: `y` [rows, width].
public struct AddPositions: Operation {
  public let layout: TokenLayout.Kind

  public var storage: ResultStorage { .mayReplace([0]) }

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let (x, table) = (inputs[0], inputs[1])
    precondition(
      x.rank == 2 && table.rank == 2 && x.last == table.last,
      "Positions \(table) for rows \(x); the widths are equal.")
    if case .equal(let length) = layout, let positions = table[0].fixed {
      precondition(length <= positions, "\(length) tokens, \(positions) positions.")
    }
    return [x]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let dy = upstream[0] else { return inputs.map { _ in nil } }
    let gradient = PositionGradient(layout: layout, table: inputs[1].shape)
    let dTable = dy.graph.apply(gradient, to: [dy] + inputs[2...])[0]
    return [dy, dTable] + inputs[2...].map { _ in nil }
  }
}

/// dtable from dy and the layout's tensors.
public struct PositionGradient: GradientOperation {
  public let layout: TokenLayout.Kind
  public let table: Shape

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [table] }
}

extension Tensor {
  /// - Parameter table: [positions, width]. - Returns: [rows, width].
  public func addingPositions(_ table: Tensor, layout: TokenLayout) -> Tensor {
    graph.apply(AddPositions(layout: layout.kind), to: [self, table] + layout.tensors)[0]
  }
}
