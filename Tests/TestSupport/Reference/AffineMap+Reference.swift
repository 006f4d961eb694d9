public import Autodiff

extension AffineMap: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (x, weight) = (inputs[0], inputs[1])
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<y.rows {
      for column in 0..<y.width {
        var sum = inputs.count == 3 ? inputs[2].values[column] : 0
        for inner in 0..<x.width { sum += x[row, inner] * weight[column, inner] }
        y[row, column] = sum
      }
    }
    return [y]
  }
}

extension BiasGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let dy = inputs[0]
    var db = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<dy.rows {
      for column in 0..<dy.width { db.values[column] += dy[row, column] }
    }
    return [db]
  }
}
