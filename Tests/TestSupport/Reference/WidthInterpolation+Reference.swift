public import Autodiff

/// Calls `body` for each element d of a row of m with the two of a row of n that it lies between,
/// and the second one's share.
private func forEachPlace(of m: Int, from n: Int, _ body: (Int, Int, Int, Double) -> Void) {
  for d in 0..<m {
    let u = max(0, (Double(d) + 0.5) * Double(n) / Double(m) - 0.5)
    let i = Int(u.rounded(.down))
    body(d, i, min(i + 1, n - 1), u - Double(i))
  }
}

extension WidthInterpolation: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let x = inputs[0]
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<x.rows {
      forEachPlace(of: y.width, from: x.width) { d, first, second, t in
        y[row, d] = (1 - t) * x[row, first] + t * x[row, second]
      }
    }
    return [y]
  }
}

extension WidthInterpolationGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let dy = inputs[0]
    var dx = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<dy.rows {
      forEachPlace(of: dy.width, from: dx.width) { d, first, second, t in
        dx[row, first] += (1 - t) * dy[row, d]
        dx[row, second] += t * dy[row, d]
      }
    }
    return [dx]
  }
}
