public import Autodiff

extension AddRow: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    var y = inputs[0]
    for row in 0..<y.rows {
      for column in 0..<y.width { y[row, column] += inputs[1].values[column] }
    }
    return [y]
  }
}
