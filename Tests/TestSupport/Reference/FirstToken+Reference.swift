public import Autodiff

extension FirstToken: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let x = inputs[0]
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for (index, sequence) in layout.sequences(rows: x.rows, tensors: inputs[1...]).enumerated() {
      for column in 0..<y.width { y[index, column] = x[sequence[0], column] }
    }
    return [y]
  }
}

extension FirstTokenGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let dy = inputs[0]
    var dx = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for (index, sequence) in layout.sequences(rows: dx.rows, tensors: inputs[1...]).enumerated() {
      for column in 0..<dx.width { dx[sequence[0], column] = dy[index, column] }
    }
    return [dx]
  }
}
