public import Autodiff

/// What a row's cosine is made of.
private struct Cosine {
  let value: Double
  /// 1 / max(length, epsilon).
  let a: Double
  let b: Double
  let isShort: Bool

  init(_ x: ReferenceArray, _ target: ReferenceArray, row: Int) {
    func product(_ left: ReferenceArray, _ right: ReferenceArray) -> Double {
      (0..<left.width).reduce(0) { $0 + left[row, $1] * right[row, $1] }
    }
    let epsilon = Double(CosineDistance.epsilon)
    let length = product(x, x).squareRoot()
    a = 1 / max(length, epsilon)
    b = 1 / max(product(target, target).squareRoot(), epsilon)
    isShort = length < epsilon
    value = product(x, target) * a * b
  }
}

extension CosineDistance: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let rows = inputs[0].rows
    let sum = (0..<rows).reduce(0.0) { $0 + Cosine(inputs[0], inputs[1], row: $1).value }
    return [ReferenceArray(sizes: [1], values: [1 - sum / Double(rows)])]
  }
}

extension CosineDistanceGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (x, target, dLoss) = (inputs[0], inputs[1], inputs[2].values[0])
    var dx = x
    for row in 0..<x.rows {
      let cosine = Cosine(x, target, row: row)
      let along = cosine.isShort ? 0 : cosine.value * cosine.a
      for column in 0..<x.width {
        let slope = cosine.a * (cosine.b * target[row, column] - along * x[row, column])
        dx[row, column] = -dLoss * slope / Double(x.rows)
      }
    }
    return [dx]
  }
}
