/// The first row of every sequence: class-token pooling.
///
///     y[s] = x[s, 0]
///
/// Gradient: dx[s, 0] = dy[s], zero in all other rows.
///
/// - Inputs: `x` [rows, width], then the layout's tensors. - Results: `y` [sequences, width].
public struct FirstToken: Operation {
  public let layout: TokenLayout.Kind
  public let sequences: Extent

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [[sequences, inputs[0].last]] }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let dy = upstream[0] else { return inputs.map { _ in nil } }
    let gradient = FirstTokenGradient(layout: layout, rows: inputs[0].shape)
    return [dy.graph.apply(gradient, to: [dy] + inputs[1...])[0]] + inputs[1...].map { _ in nil }
  }
}

/// dx from dy and the layout's tensors.
public struct FirstTokenGradient: GradientOperation {
  public let layout: TokenLayout.Kind
  public let rows: Shape

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [rows] }
}

extension Tensor {
  /// - Returns: [sequences, width].
  public func firstTokens(layout: TokenLayout) -> Tensor {
    let operation = FirstToken(layout: layout.kind, sequences: layout.sequences)
    return graph.apply(operation, to: [self] + layout.tensors)[0]
  }
}
