public import Autodiff

/// The sum over rows of what `body` makes of each, column by column.
private func columnSums(
  of x: ReferenceArray, _ body: (_ row: Int, _ column: Int) -> Double
) -> [Double] {
  (0..<x.width).map { column in
    (0..<x.rows).reduce(0) { $0 + body($1, column) }
  }
}

/// (x - mean) / sqrt(variance + epsilon).
private func normalized(
  _ x: ReferenceArray, mean: [Double], variance: [Double], epsilon: Float
) -> ReferenceArray {
  var n = x
  for row in 0..<x.rows {
    for column in 0..<x.width {
      let deviation = (variance[column] + Double(epsilon)).squareRoot()
      n[row, column] = (x[row, column] - mean[column]) / deviation
    }
  }
  return n
}

/// n * scale + shift.
private func mapped(_ n: ReferenceArray, scale: [Double], shift: [Double]) -> ReferenceArray {
  var y = n
  for row in 0..<n.rows {
    for column in 0..<n.width { y[row, column] = n[row, column] * scale[column] + shift[column] }
  }
  return y
}

extension BatchNormalization: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let x = inputs[0]
    let count = Double(x.rows)
    let mean = columnSums(of: x) { x[$0, $1] }.map { $0 / count }
    let squares = columnSums(of: x) { row, column in
      (x[row, column] - mean[column]) * (x[row, column] - mean[column])
    }
    let variance = squares.map { $0 / count }
    let n = normalized(x, mean: mean, variance: variance, epsilon: epsilon)
    let sizes = [x.width]
    return [
      mapped(n, scale: inputs[1].values, shift: inputs[2].values),
      ReferenceArray(sizes: sizes, values: mean), ReferenceArray(sizes: sizes, values: variance),
      ReferenceArray(sizes: sizes, values: squares.map { $0 / max(count - 1, 1) }),
    ]
  }
}

extension FixedBatchNormalization: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let n = normalized(
      inputs[0], mean: inputs[3].values, variance: inputs[4].values, epsilon: epsilon)
    return [mapped(n, scale: inputs[1].values, shift: inputs[2].values)]
  }
}

extension BatchNormalizationParameterGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (x, dy) = (inputs[0], inputs[3])
    let n = normalized(x, mean: inputs[1].values, variance: inputs[2].values, epsilon: epsilon)
    let sizes = [x.width]
    return [
      ReferenceArray(sizes: sizes, values: columnSums(of: x) { dy[$0, $1] * n[$0, $1] }),
      ReferenceArray(sizes: sizes, values: columnSums(of: x) { dy[$0, $1] }),
    ]
  }
}

extension BatchNormalizationGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (x, scale, variance, dy) = (
      inputs[0], inputs[1].values, inputs[3].values, inputs[4]
    )
    let (dScale, dShift) = (inputs[5].values, inputs[6].values)
    let n = normalized(x, mean: inputs[2].values, variance: variance, epsilon: epsilon)
    let count = Double(x.rows)
    var dx = dy
    for row in 0..<x.rows {
      for column in 0..<x.width {
        let centered =
          dy[row, column] - dShift[column] / count - n[row, column] * dScale[column] / count
        dx[row, column] =
          centered * scale[column] / (variance[column] + Double(epsilon)).squareRoot()
      }
    }
    return [dx]
  }
}

extension FixedBatchNormalizationGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (scale, variance) = (inputs[0].values, inputs[1].values)
    var dx = inputs[2]
    for row in 0..<dx.rows {
      for column in 0..<dx.width {
        dx[row, column] *= scale[column] / (variance[column] + Double(epsilon)).squareRoot()
      }
    }
    return [dx]
  }
}
