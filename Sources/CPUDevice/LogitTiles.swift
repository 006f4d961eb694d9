internal import Autodiff
internal import CKernels

/// The matrix scale * left rightᵀ of a contrastive batch, made tile by tile and never held whole.
struct LogitTiles {
  let left: UnsafePointer<Float>
  let right: UnsafePointer<Float>
  let pairCount: Int
  let width: Int
  let scale: Float
  /// Two pairs with an equal number in either list repeat each other.
  let groups: (UnsafePointer<Int32>, UnsafePointer<Int32>)
  let repeatedPairs: SymmetricInfoNCE.RepeatedPairs
  /// For each pair, 1 / how many columns answer its row rightly; `nil` where one does.
  ///
  /// The relation is symmetric, so the same holds for columns.
  private(set) var positiveShares: UnsafePointer<Float>?

  static let rowGrain = 128
  static let columnGrain = 512
  static let tileCount = rowGrain * columnGrain
  /// Row tasks have column statistics of their own; this many bounds their memory.
  private static let partLimit = 16

  /// How rows are cut into tasks; from the number of pairs alone.
  var rowsPerPart: Int {
    let blocks = (pairCount + LogitTiles.rowGrain - 1) / LogitTiles.rowGrain
    let blocksPerPart = (blocks + LogitTiles.partLimit - 1) / LogitTiles.partLimit
    return blocksPerPart * LogitTiles.rowGrain
  }

  var partCount: Int { (pairCount + rowsPerPart - 1) / rowsPerPart }

  /// Visits the tiles of some rows, column block after column block.
  func forTiles(
    ofRows rows: Range<Int>, scratch tile: UnsafeMutablePointer<Float>,
    _ body: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    for row in stride(from: rows.lowerBound, to: rows.upperBound, by: LogitTiles.rowGrain) {
      let tileRows = row..<min(row + LogitTiles.rowGrain, rows.upperBound)
      for column in stride(from: 0, to: pairCount, by: LogitTiles.columnGrain) {
        let columns = column..<min(column + LogitTiles.columnGrain, pairCount)
        GEMM.product(
          left + row * width, false, width, right + column * width, true, width,
          tile, columns.count, m: tileRows.count, n: columns.count, k: width, scale: scale,
          adding: false)
        if repeatedPairs == .masked { mask(tile, tileRows, columns) }
        body(tileRows, columns)
      }
    }
  }

  /// Whether column j answers row i rightly.
  func isPositive(_ row: Int, _ column: Int) -> Bool {
    row == column
      || repeatedPairs == .positive
        && (groups.0[row] == groups.0[column] || groups.1[row] == groups.1[column])
  }

  /// Counts every row's positives, once a pass: whole batches may share few captions, and each
  /// positive needs the counts of its row and its column.
  mutating func countPositives(
    into shares: UnsafeMutablePointer<Float>, on threads: ThreadPool
  ) {
    guard repeatedPairs == .positive else { return }
    let tiles = self
    threads.run(over: pairCount, grain: LogitTiles.rowGrain) { rows in
      for row in rows {
        var count = 0
        for column in 0..<tiles.pairCount where tiles.isPositive(row, column) { count += 1 }
        shares[row] = 1 / Float(count)
      }
    }
    positiveShares = UnsafePointer(shares)
  }

  /// What a positive counts in both directions together.
  func positiveWeight(_ row: Int, _ column: Int) -> Float {
    guard let positiveShares else { return 2 }
    return positiveShares[row] + positiveShares[column]
  }

  /// Visits the positives inside a tile as (row, column) of the whole matrix.
  func forPositives(
    rows: Range<Int>, columns: Range<Int>, _ body: (_ row: Int, _ column: Int) -> Void
  ) {
    for row in rows {
      if repeatedPairs == .positive {
        for column in columns where isPositive(row, column) { body(row, column) }
      } else if columns.contains(row) {
        body(row, row)
      }
    }
  }

  private func mask(
    _ tile: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ columns: Range<Int>
  ) {
    for group in [groups.0, groups.1] {
      dq_mask_tile(
        Int64(rows.count), Int64(columns.count), tile, Int64(columns.count),
        group + rows.lowerBound, group + columns.lowerBound, Int64(rows.lowerBound),
        Int64(columns.lowerBound))
    }
  }
}
