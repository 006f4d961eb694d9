/// Scaled dot-product attention of several heads, each sequence attending to itself.
///
///     P = softmax(q kᵀ / sqrt(headWidth)),  y = dropout(P) v
///
/// Gradient, with D = dropout'(dy vᵀ):
///     dv = dropout(P)ᵀ dy,  dS = P * (D - rowsum(P * D)),
///     dq = dS k / sqrt(headWidth),  dk = dSᵀ q / sqrt(headWidth)
///
/// Heads are contiguous in the feature axis and are read by stride, so nothing is transposed.
/// Rows of a padded layout beyond a sequence's end are zero in the result.
///
/// - Inputs: `q`, `k`, `v` [rows, width], then the layout's tensors (see ``TokenLayout``).
/// - Results: `y` [rows, width]; kept for the gradient: log-sum-exp of the scores [rows, heads].
/// - Source: Vaswani et al. 2017, arXiv:1706.03762, equation 1; log-sum-exp kept as in
///   Dao et al. 2022, arXiv:2205.14135, section 3.1.
public struct Attention: Operation {
  public let headCount: Int
  public let layout: TokenLayout.Kind
  public let dropoutRate: Float
  public let site: UInt32

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let q = inputs[0]
    precondition(
      q.rank == 2 && inputs[1] == q && inputs[2] == q,
      "Attention of q \(q), k \(inputs[1]), v \(inputs[2]); the three are alike.")
    if let width = q.last.fixed {
      precondition(width % headCount == 0, "Width \(width) in \(headCount) heads.")
    }
    return [q, [q[0], Extent(headCount)]]
  }

  /// Of two products over the mean sequence length; five in the gradient.
  public func floatingPointOperations(inputs: [[Int]]) -> Int {
    4 * meanSquaredRows(inputs, layoutStart: 3) * inputs[0][1]
  }

  fileprivate func meanSquaredRows(_ inputs: [[Int]], layoutStart: Int) -> Int {
    let rows = inputs[0][0]
    switch layout {
    case .equal(let length): return rows * length
    case .packed, .padded: return rows * rows / max(inputs[layoutStart][0], 1)
    }
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let dy = upstream[0] else { return inputs.map { _ in nil } }
    let shares = dy.graph.apply(
      AttentionGradient(forward: self), to: Array(inputs[..<3]) + [results[1], dy] + inputs[3...])
    return shares.map { $0 } + inputs[3...].map { _ in nil }
  }
}

/// dq, dk and dv from q, k, v, the log-sum-exp, dy and the layout's tensors.
public struct AttentionGradient: GradientOperation {
  public let forward: Attention

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0], inputs[0], inputs[0]] }

  public func floatingPointOperations(inputs: [[Int]]) -> Int {
    10 * forward.meanSquaredRows(inputs, layoutStart: 5) * inputs[0][1]
  }
}

extension Tensor {
  /// Self-attention with this tensor as the queries.
  ///
  /// - Returns: [rows, width].
  public func attention(
    keys: Tensor, values: Tensor, headCount: Int, layout: TokenLayout, dropout: Float = 0
  ) -> Tensor {
    precondition(
      dropout >= 0 && dropout < 1, "A dropout rate lies in 0 ..< 1, \(dropout) does not.")
    let site = dropout > 0 ? graph.nextDropoutSite() : 0
    let operation = Attention(
      headCount: headCount, layout: layout.kind, dropoutRate: dropout, site: site)
    return graph.apply(operation, to: [self, keys, values] + layout.tensors)[0]
  }
}
