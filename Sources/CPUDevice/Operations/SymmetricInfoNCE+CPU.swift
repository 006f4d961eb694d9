internal import Autodiff
internal import CKernels
internal import Glibc

extension LogitTiles {
  fileprivate init(
    _ inputs: [CPUBuffer], repeatedPairs: SymmetricInfoNCE.RepeatedPairs, transposed: Bool = false
  ) {
    let (image, text) = (inputs[0], inputs[1])
    self.init(
      left: transposed ? text.floats : image.floats,
      right: transposed ? image.floats : text.floats,
      pairCount: image.rows, width: image.width, scale: inputs[2].floats[0],
      groups: (UnsafePointer(inputs[3].ids), UnsafePointer(inputs[4].ids)),
      repeatedPairs: repeatedPairs)
  }
}

extension SymmetricInfoNCE: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    var tiles = LogitTiles(inputs, repeatedPairs: repeatedPairs)
    let count = tiles.pairCount
    // Scratch: row maxima and sums, positives' logits and shares, then for each part: column maxima
    // and sums, a tile.
    let rowMaxima = context.scratch
    let rowSums = rowMaxima + count
    let positives = rowSums + count
    let parts = positives + 2 * count
    tiles.countPositives(into: positives + count, on: context.threads)
    run(
      tiles, rowMaxima: rowMaxima, rowSums: rowSums, positives: positives, parts: parts, results,
      in: context)
  }

  private func run(
    _ tiles: LogitTiles, rowMaxima: UnsafeMutablePointer<Float>,
    rowSums: UnsafeMutablePointer<Float>, positives: UnsafeMutablePointer<Float>,
    parts: UnsafeMutablePointer<Float>, _ results: [CPUBuffer?], in context: CPUContext
  ) {
    let count = tiles.pairCount
    let partSize = 2 * count + LogitTiles.tileCount
    dq_fill(Int64(count), -.infinity, rowMaxima)
    dq_fill(Int64(2 * count), 0, rowSums)

    context.threads.run(over: count, grain: tiles.rowsPerPart) { rows in
      let part = parts + rows.lowerBound / tiles.rowsPerPart * partSize
      let (columnMaxima, columnSums, tile) = (part, part + count, part + 2 * count)
      dq_fill(Int64(count), -.infinity, columnMaxima)
      dq_fill(Int64(count), 0, columnSums)
      tiles.forTiles(ofRows: rows, scratch: tile) { rows, columns in
        let (m, n) = (Int64(rows.count), Int64(columns.count))
        tiles.forPositives(rows: rows, columns: columns) { row, column in
          let logit = tile[(row - rows.lowerBound) * columns.count + column - columns.lowerBound]
          positives[row] += logit * tiles.positiveWeight(row, column)
        }
        dq_row_logsumexp_update(
          m, n, tile, n, rowMaxima + rows.lowerBound, rowSums + rows.lowerBound)
        dq_column_logsumexp_update(
          m, n, tile, n, columnMaxima + columns.lowerBound, columnSums + columns.lowerBound)
      }
    }
    finish(
      tiles, rowMaxima: rowMaxima, rowSums: rowSums, positives: positives,
      columnStatistics: (0..<tiles.partCount).map { parts + $0 * partSize }, results)
  }

  /// Joins the parts' column statistics and sums up the loss.
  private func finish(
    _ tiles: LogitTiles, rowMaxima: UnsafeMutablePointer<Float>,
    rowSums: UnsafeMutablePointer<Float>, positives: UnsafeMutablePointer<Float>,
    columnStatistics: [UnsafeMutablePointer<Float>], _ results: [CPUBuffer?]
  ) {
    let count = tiles.pairCount
    var loss = 0.0
    for index in 0..<count {
      var maximum = -Float.infinity
      for part in columnStatistics { maximum = max(maximum, part[index]) }
      var sum: Float = 0
      for part in columnStatistics where part[count + index] > 0 {
        sum += part[count + index] * exp(part[index] - maximum)
      }
      let columnLogSumExp = maximum + log(sum)
      let rowLogSumExp = rowMaxima[index] + log(rowSums[index])
      results[1]?.floats[index] = rowLogSumExp
      results[2]?.floats[index] = columnLogSumExp
      // A row carries its positives' share of both directions.
      loss += Double(rowLogSumExp) + Double(columnLogSumExp) - Double(positives[index])
    }
    results[0]?.floats[0] = Float(loss / Double(2 * count))
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    let tiles = LogitTiles(inputs, repeatedPairs: repeatedPairs)
    return 4 * tiles.pairCount + tiles.partCount * (2 * tiles.pairCount + LogitTiles.tileCount)
  }
}

extension SymmetricInfoNCEGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    let (rowLogSumExp, columnLogSumExp) = (inputs[5].floats, inputs[6].floats)
    let dLoss = inputs[7].floats[0]
    if results[0] != nil || results[2] != nil {
      let tiles = LogitTiles(inputs, repeatedPairs: repeatedPairs)
      run(
        tiles, rowLogSumExp, columnLogSumExp, dLoss: dLoss, into: results[0], dScale: results[2],
        in: context)
    }
    if results[1] != nil {
      let tiles = LogitTiles(inputs, repeatedPairs: repeatedPairs, transposed: true)
      run(
        tiles, columnLogSumExp, rowLogSumExp, dLoss: dLoss, into: results[1], dScale: nil,
        in: context)
    }
  }

  /// dleft = scale * dS right, and dscale = sum(dS * S) / scale where wanted.
  private func run(
    _ source: LogitTiles, _ rowLogSumExp: UnsafePointer<Float>,
    _ columnLogSumExp: UnsafePointer<Float>, dLoss: Float, into dLeft: CPUBuffer?,
    dScale: CPUBuffer?, in context: CPUContext
  ) {
    var counted = source
    // Scratch: a sum for each part, positives' shares, then for each part a tile of S and of dS.
    let sums = context.scratch
    counted.countPositives(into: sums + 16, on: context.threads)
    let tiles = counted
    let width = tiles.width
    let weight = dLoss / Float(2 * tiles.pairCount)
    let parts = sums + 16 + tiles.pairCount
    let partSize = 2 * LogitTiles.tileCount
    context.threads.run(over: tiles.pairCount, grain: tiles.rowsPerPart) { rows in
      let part = rows.lowerBound / tiles.rowsPerPart
      let tile = parts + part * partSize
      let gradient = tile + LogitTiles.tileCount
      var sum = 0.0
      tiles.forTiles(ofRows: rows, scratch: tile) { rows, columns in
        let (m, n) = (Int64(rows.count), Int64(columns.count))
        dq_softmax_gradient_tile(
          m, n, tile, n, rowLogSumExp + rows.lowerBound, columnLogSumExp + columns.lowerBound,
          weight, weight, gradient)
        tiles.forPositives(rows: rows, columns: columns) { row, column in
          gradient[(row - rows.lowerBound) * columns.count + column - columns.lowerBound] -=
            weight * tiles.positiveWeight(row, column)
        }
        if dScale != nil { sum += weightedSum(gradient, tile, count: Int(m * n)) }
        if let dLeft {
          GEMM.product(
            gradient, false, columns.count, tiles.right + columns.lowerBound * width, false, width,
            dLeft.floats + rows.lowerBound * width, width, m: rows.count, n: width,
            k: columns.count, scale: tiles.scale, adding: columns.lowerBound > 0)
        }
      }
      sums[part] = Float(sum)
    }
    if let dScale {
      let total = (0..<tiles.partCount).reduce(0.0) { $0 + Double(sums[$1]) }
      dScale.floats[0] = Float(total / Double(tiles.scale))
    }
  }

  /// sum(dS * S), leaving out masked entries, whose dS is 0 and whose S is -infinity.
  private func weightedSum(
    _ gradient: UnsafePointer<Float>, _ logits: UnsafePointer<Float>, count: Int
  ) -> Double {
    var sum = 0.0
    for index in 0..<count where logits[index] > -.infinity {
      sum += Double(gradient[index]) * Double(logits[index])
    }
    return sum
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    let tiles = LogitTiles(inputs, repeatedPairs: repeatedPairs)
    return 16 + tiles.pairCount + tiles.partCount * 2 * LogitTiles.tileCount
  }
}
