/// Puts one more row, the same for all, before each sequence: ViT's class token.
///
///     y[s, 0] = token,  y[s, 1 + t] = x[s, t]
///
/// Gradient: dx[s, t] = dy[s, 1 + t],  dtoken = sum over s of dy[s, 0].
///
/// - Inputs: `x` [sequences * length, width], `token` [width].
/// - Results: `y` [sequences * (length + 1), width].
/// - Source: Dosovitskiy et al. 2020, arXiv:2010.11929, equation 1.
public struct PrependToken: Operation {
  public let length: Int

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let x = inputs[0]
    precondition(
      x[0].factor % length == 0 && inputs[1] == [x.last],
      "A token \(inputs[1]) before sequences of \(length) in \(x).")
    let sequences = Extent(x[0].factor / length, axes: x[0].axes)
    return [[sequences * (length + 1), x[1]]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let dy = upstream[0] else { return [nil, nil] }
    let shares = dy.graph.apply(PrependTokenGradient(length: length), to: [dy])
    return [shares[0], shares[1]]
  }
}

/// dx and dtoken from dy.
public struct PrependTokenGradient: GradientOperation {
  public let length: Int

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let dy = inputs[0]
    let sequences = Extent(dy[0].factor / (length + 1), axes: dy[0].axes)
    return [[sequences * length, dy[1]], [dy[1]]]
  }
}

extension Tensor {
  /// - Returns: [sequences * (length + 1), width].
  public func prepending(token: Tensor, toSequencesOf length: Int) -> Tensor {
    graph.apply(PrependToken(length: length), to: [self, token])[0]
  }
}
