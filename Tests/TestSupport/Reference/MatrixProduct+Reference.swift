public import Autodiff

extension MatrixProduct: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (a, b) = (inputs[0], inputs[1])
    let innerSize = transposesLeft ? a.rows : a.width
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<y.rows {
      for column in 0..<y.width {
        for inner in 0..<innerSize {
          let left = transposesLeft ? a[inner, row] : a[row, inner]
          let right = transposesRight ? b[column, inner] : b[inner, column]
          y[row, column] += left * right
        }
      }
    }
    return [y]
  }
}
