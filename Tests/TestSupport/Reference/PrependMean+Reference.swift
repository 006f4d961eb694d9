public import Autodiff

extension PrependMean: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let x = inputs[0]
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<x.rows {
      let (sequence, position) = (row / length, row % length)
      for column in 0..<x.width {
        y[sequence * (length + 1), column] += x[row, column] / Double(length)
        y[sequence * (length + 1) + 1 + position, column] = x[row, column]
      }
    }
    return [y]
  }
}

extension PrependMeanGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let dy = inputs[0]
    var dx = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<dx.rows {
      let (sequence, position) = (row / length, row % length)
      for column in 0..<dx.width {
        dx[row, column] =
          dy[sequence * (length + 1) + 1 + position, column]
          + dy[sequence * (length + 1), column] / Double(length)
      }
    }
    return [dx]
  }
}
