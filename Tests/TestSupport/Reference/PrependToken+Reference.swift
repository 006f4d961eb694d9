public import Autodiff

extension PrependToken: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (x, token) = (inputs[0], inputs[1].values)
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<y.rows {
      let (sequence, position) = (row / (length + 1), row % (length + 1))
      for column in 0..<y.width {
        y[row, column] =
          position == 0 ? token[column] : x[sequence * length + position - 1, column]
      }
    }
    return [y]
  }
}

extension PrependTokenGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let dy = inputs[0]
    var dx = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    var dToken = ReferenceArray(sizes: context.resultSizes[1], repeating: 0)
    for row in 0..<dy.rows {
      let (sequence, position) = (row / (length + 1), row % (length + 1))
      for column in 0..<dy.width {
        if position == 0 {
          dToken.values[column] += dy[row, column]
        } else {
          dx[sequence * length + position - 1, column] = dy[row, column]
        }
      }
    }
    return [dx, dToken]
  }
}
