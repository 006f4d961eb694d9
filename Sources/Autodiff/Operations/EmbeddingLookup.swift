/// Rows of a table, chosen by id.
///
///     y[r] = table[ids[r]]
///
/// Gradient: dtable[i] = sum of dy[r] over all r with ids[r] = i.
///
/// - Inputs: `table` [entries, width], `ids` Int32 [rows]. - Results: `y` [rows, width].
public struct EmbeddingLookup: Operation {
  /// A table row that receives no gradient: BERT's padding entry.
  public let paddingID: Int32?

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    precondition(inputs[0].rank == 2, "A lookup in \(inputs[0]) by \(inputs[1]).")
    if let paddingID, let entries = inputs[0][0].fixed {
      precondition(
        paddingID >= 0 && paddingID < entries,
        "Padding entry \(paddingID) of a table of \(entries) rows.")
    }
    return [[inputs[1].product, inputs[0][1]]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    let gradient = EmbeddingGradient(table: inputs[0].shape, paddingID: paddingID)
    return [upstream[0].map { $0.graph.apply(gradient, to: [inputs[1], $0])[0] }, nil]
  }
}

/// dtable from ids and dy.
public struct EmbeddingGradient: GradientOperation {
  public let table: Shape
  public let paddingID: Int32?

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [table] }
}

extension Tensor {
  /// - Parameter ids: Int32 [rows], or [batch, length] which count as rows.
  /// - Returns: [rows, width].
  public func rows(at ids: Tensor, paddingID: Int32? = nil) -> Tensor {
    graph.apply(EmbeddingLookup(paddingID: paddingID), to: [self, ids])[0]
  }
}
