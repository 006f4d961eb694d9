public import Autodiff

extension LayerNormalization: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (scale, shift) = (inputs[1].values, inputs[2].values)
    var y = inputs[0]
    var means = ReferenceArray(sizes: context.resultSizes[1], repeating: 0)
    var reciprocals = means
    let width = Double(y.width)
    for row in 0..<y.rows {
      var mean = 0.0
      for column in 0..<y.width { mean += y[row, column] / width }
      var variance = 0.0
      for column in 0..<y.width {
        variance += (y[row, column] - mean) * (y[row, column] - mean) / width
      }
      let reciprocal = 1 / (variance + Double(epsilon)).squareRoot()
      for column in 0..<y.width {
        y[row, column] = (y[row, column] - mean) * reciprocal * scale[column] + shift[column]
      }
      means.values[row] = mean
      reciprocals.values[row] = reciprocal
    }
    return [y, means, reciprocals]
  }
}

extension LayerNormalizationGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (x, scale, dy) = (inputs[0], inputs[1].values, inputs[4])
    let (means, reciprocals) = (inputs[2].values, inputs[3].values)
    var dx = dy
    let width = Double(x.width)
    for row in 0..<x.rows {
      var meanOfG = 0.0
      var meanOfGN = 0.0
      for column in 0..<x.width {
        let g = dy[row, column] * scale[column]
        meanOfG += g / width
        meanOfGN += g * (x[row, column] - means[row]) * reciprocals[row] / width
      }
      for column in 0..<x.width {
        let n = (x[row, column] - means[row]) * reciprocals[row]
        dx[row, column] =
          (dy[row, column] * scale[column] - meanOfG - n * meanOfGN) * reciprocals[row]
      }
    }
    return [dx]
  }
}

extension LayerNormalizationParameterGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (x, means, reciprocals, dy) = (inputs[0], inputs[1].values, inputs[2].values, inputs[3])
    var dScale = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    var dShift = dScale
    for row in 0..<x.rows {
      for column in 0..<x.width {
        let n = (x[row, column] - means[row]) * reciprocals[row]
        dScale.values[column] += dy[row, column] * n
        dShift.values[column] += dy[row, column]
      }
    }
    return [dScale, dShift]
  }
}
