public import Autodiff

extension AddPositions: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    var y = inputs[0]
    let table = inputs[1]
    // In a padded layout the rows after a sequence's end have positions too.
    let width = inputs.count == 3 ? inputs[2].width : 0
    let sequences =
      layout == .padded
      ? TokenLayout.Kind.equal(length: width).sequences(rows: y.rows, tensors: [])
      : layout.sequences(rows: y.rows, tensors: inputs[2...])
    for sequence in sequences {
      for (position, row) in sequence.enumerated() {
        for column in 0..<y.width { y[row, column] += table[position, column] }
      }
    }
    return [y]
  }
}

extension PositionGradient: ReferenceExecutable {
  /// Rows that are padding have no reader, so they are no part of the sum.
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let dy = inputs[0]
    var dTable = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for sequence in layout.sequences(rows: dy.rows, tensors: inputs[1...]) {
      for (position, row) in sequence.enumerated() {
        for column in 0..<dy.width { dTable[position, column] += dy[row, column] }
      }
    }
    return [dTable]
  }
}
