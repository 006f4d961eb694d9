public import Autodiff
internal import Glibc

extension Attention: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let v = inputs[2]
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    var logSumExp = ReferenceArray(sizes: context.resultSizes[1], repeating: 0)
    let heads = AttentionHeads(self, inputs, layoutStart: 3, context)
    heads.visit { head in
      for (i, row) in head.rows.enumerated() {
        logSumExp[row, head.number] = log(head.scores[i].reduce(0) { $0 + exp($1) })
        for column in head.columns {
          for (j, other) in head.rows.enumerated() {
            y[row, column] += head.probabilities[i][j] * head.keeping[i][j] * v[other, column]
          }
        }
      }
    }
    return [y, logSumExp]
  }
}

extension AttentionGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (q, k, v, dy) = (inputs[0], inputs[1], inputs[2], inputs[4])
    var dq = ReferenceArray(sizes: q.sizes, repeating: 0)
    var dk = dq
    var dv = dq
    let heads = AttentionHeads(forward, inputs, layoutStart: 5, context)
    heads.visit { head in
      for (i, row) in head.rows.enumerated() {
        // The gradient of each probability, through its dropout.
        let shares = head.rows.indices.map { j in
          head.keeping[i][j]
            * head.columns.reduce(0.0) { $0 + dy[row, $1] * v[head.rows[j], $1] }
        }
        let along = zip(head.probabilities[i], shares).reduce(0) { $0 + $1.0 * $1.1 }
        for (j, other) in head.rows.enumerated() {
          let probability = head.probabilities[i][j]
          let dScore = probability * (shares[j] - along) * heads.scale
          for column in head.columns {
            dq[row, column] += dScore * k[other, column]
            dk[other, column] += dScore * q[row, column]
            dv[other, column] += probability * head.keeping[i][j] * dy[row, column]
          }
        }
      }
    }
    return [dq, dk, dv]
  }
}

/// Every sequence's heads with their scores, probabilities and dropout factors.
private struct AttentionHeads {
  struct Head {
    let number: Int
    let rows: [Int]
    let columns: Range<Int>
    let scores: [[Double]]
    let probabilities: [[Double]]
    /// 0 or 1 / (1 - rate).
    let keeping: [[Double]]
  }

  let operation: Attention
  let q: ReferenceArray
  let k: ReferenceArray
  let sequences: [[Int]]
  let randomKey: UInt64
  let scale: Double

  init(
    _ operation: Attention, _ inputs: [ReferenceArray], layoutStart: Int,
    _ context: ReferenceContext
  ) {
    self.operation = operation
    (q, k) = (inputs[0], inputs[1])
    sequences = operation.layout.sequences(rows: q.rows, tensors: inputs[layoutStart...])
    randomKey = context.randomKey
    scale = 1 / Double(q.width / operation.headCount).squareRoot()
  }

  func visit(_ body: (Head) -> Void) {
    for rows in sequences where !rows.isEmpty {
      for number in 0..<operation.headCount { body(head(number, rows)) }
    }
  }

  private func head(_ number: Int, _ rows: [Int]) -> Head {
    let headWidth = q.width / operation.headCount
    let columns = number * headWidth..<(number + 1) * headWidth
    let scores = rows.map { row in
      rows.map { other in
        scale * columns.reduce(0.0) { $0 + q[row, $1] * k[other, $1] }
      }
    }
    let probabilities = scores.map { line in
      let sum = line.reduce(0) { $0 + exp($1) }
      return line.map { exp($0) / sum }
    }
    let keeping = rows.indices.map { i in
      rows.indices.map { j in keepingFactor(rows: rows, head: number, i, j) }
    }
    return Head(
      number: number, rows: rows, columns: columns, scores: scores, probabilities: probabilities,
      keeping: keeping)
  }

  /// Probability (i, j) of a sequence that starts at row r and head h belongs to element
  /// ((r * heads + h) << 24) + i * length + j of its dropout site.
  private func keepingFactor(rows: [Int], head: Int, _ i: Int, _ j: Int) -> Double {
    if operation.dropoutRate == 0 { return 1 }
    let first = UInt64(rows[0] * operation.headCount + head) << 24
    let isKept = CounterGenerator.keeps(
      rate: operation.dropoutRate, key: randomKey, site: operation.site,
      index: first + UInt64(i * rows.count + j))
    return isKept ? 1 / (1 - Double(operation.dropoutRate)) : 0
  }
}
