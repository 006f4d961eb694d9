public import Autodiff

extension L2Normalization: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    var y = inputs[0]
    var reciprocalLength = ReferenceArray(sizes: context.resultSizes[1], repeating: 0)
    for row in 0..<y.rows {
      var squares = 0.0
      for column in 0..<y.width { squares += y[row, column] * y[row, column] }
      let length = max(squares.squareRoot(), Double(L2Normalization.epsilon))
      for column in 0..<y.width { y[row, column] /= length }
      reciprocalLength.values[row] = 1 / length
    }
    return [y, reciprocalLength]
  }
}

extension L2NormalizationGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (y, reciprocalLength, dy) = (inputs[0], inputs[1], inputs[2])
    var dx = dy
    for row in 0..<dx.rows {
      // Where epsilon stood in for the length, the map is a plain division.
      let isShort = reciprocalLength.values[row] >= 1 / Double(L2Normalization.epsilon)
      var along = 0.0
      if !isShort { for column in 0..<dx.width { along += dy[row, column] * y[row, column] } }
      for column in 0..<dx.width {
        dx[row, column] =
          (dy[row, column] - y[row, column] * along) * reciprocalLength.values[row]
      }
    }
    return [dx]
  }
}
