public import Autodiff

extension RowSlice: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<count {
      for column in 0..<y.width { y[row, column] = inputs[0][first + row, column] }
    }
    return [y]
  }
}

extension RowSliceGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    var dx = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<inputs[0].rows {
      for column in 0..<dx.width { dx[first + row, column] = inputs[0][row, column] }
    }
    return [dx]
  }
}
