public import Autodiff

extension EmbeddingLookup: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (table, ids) = (inputs[0], inputs[1])
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<y.rows {
      for column in 0..<y.width { y[row, column] = table[Int(ids.values[row]), column] }
    }
    return [y]
  }
}

extension EmbeddingGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (ids, dy) = (inputs[0], inputs[1])
    var dTable = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    for row in 0..<dy.rows {
      let id = Int(ids.values[row])
      if let paddingID, id == Int(paddingID) { continue }
      for column in 0..<dy.width { dTable[id, column] += dy[row, column] }
    }
    return [dTable]
  }
}
