internal import CKernels

/// Writes some rows of a matrix that exists only in blocks.
typealias RowGathering = (_ rows: Range<Int>, _ target: UnsafeMutablePointer<Float>) -> Void

/// y [rows, columns] = a op(b), where rows of a are gathered in blocks: a convolution's windows.
///
/// A block is gathered and multiplied while it lies in the caches. Blocks share scratch by slots; a
/// slot is used by one thread at a time, and how rows are cut depends on the sizes alone.
struct GatheredProduct {
  private let product: PanelProduct
  private let rows: Int
  private let depth: Int
  private let columns: Int

  private static let slotCount = 16
  /// Floats that a block has room for: 1 MiB, as large as the nearest private caches.
  private static let blockFloats = 1 << 18

  init(
    rows: Int, columns: Int, depth: Int, operand: UnsafePointer<Float>, transposes: Bool
  ) {
    product = PanelProduct(
      columns: columns, depth: depth, operand: operand, transposes: transposes)
    (self.rows, self.columns, self.depth) = (rows, columns, depth)
  }

  /// Convolutions stay in Float32, which no thread rounds.
  private var packedCount: Int { product.scratchCount(threadCount: 0) }
  private var blockRows: Int { max(8, Self.blockFloats / max(depth, 1) / 8 * 8) }
  private var blockCount: Int { (rows + blockRows - 1) / blockRows }
  private var slots: Int { min(Self.slotCount, blockCount) }
  /// Of one block.
  private var gatheredCount: Int { min(blockRows, rows) * depth }

  /// The packed operand, then a block for each slot.
  var scratchCount: Int { (packedCount + 63) / 64 * 64 + slots * gatheredCount }

  func run(
    into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    on threads: ThreadPool, gathering: RowGathering
  ) {
    _ = product.pack(into: scratch, on: threads)
    let blocks = scratch + (packedCount + 63) / 64 * 64
    threads.run(taskCount: slots) { slot in
      let gathered = blocks + slot * gatheredCount
      for block in stride(from: slot, to: blockCount, by: slots) {
        let range = block * blockRows..<min((block + 1) * blockRows, rows)
        gathering(range, gathered)
        product.multiply(
          rows: range.count, x: gathered, scratch: scratch, on: threads, start: nil,
          into: y + range.lowerBound * columns)
      }
    }
  }
}

/// c [m, n] = aᵀ b over many rows, where rows of b are gathered block by block.
///
/// Rows are summed in parts, each into a matrix of its own, and the parts are added in order. How
/// many parts there are follows from the number of rows.
struct GatheredSum {
  let m: Int
  let n: Int
  let rows: Int

  private static let partLimit = 8
  /// Fewer rows do not repay a matrix of their own.
  private static let partRows = 512
  /// Floats that a block has room for: 4 MiB, so that the sums are not read and written too often.
  private static let blockFloats = 1 << 20

  private var parts: Int { min(Self.partLimit, max(1, rows / Self.partRows)) }
  private var blockRows: Int { max(8, Self.blockFloats / max(n, 1) / 8 * 8) }
  private var matrixCount: Int { (m * n + 63) / 64 * 64 }
  /// Of one block.
  private var gatheredCount: Int { min(blockRows, rows) * n }

  /// A matrix for each part, then a block for each.
  var scratchCount: Int { parts * (matrixCount + gatheredCount) }

  /// - Parameter scratch: begins with the result afterwards.
  func run(
    _ a: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>, on threads: ThreadPool,
    gathering: RowGathering
  ) {
    let usesTiles = n % 16 == 0 && dq_panels_are_fast() != 0
    threads.run(taskCount: parts) { part in
      let matrix = scratch + part * matrixCount
      let gathered = scratch + parts * matrixCount + part * gatheredCount
      let range = rows * part / parts..<rows * (part + 1) / parts
      dq_fill(Int64(m * n), 0, matrix)
      for start in stride(from: range.lowerBound, to: range.upperBound, by: blockRows) {
        let block = start..<min(start + blockRows, range.upperBound)
        gathering(block, gathered)
        if usesTiles {
          dq_weight_gradient(
            Int64(block.count), Int64(m), Int64(n), a + start * m, gathered, 0, Int64(m), 1,
            matrix)
        } else {
          GEMM.product(
            a + start * m, true, m, gathered, false, n, matrix, n, m: m, n: n, k: block.count,
            scale: 1, adding: true)
        }
      }
    }
    threads.run(over: m * n, grain: elementGrain) { range in
      for part in 1..<max(parts, 1) {
        dq_accumulate(
          Int64(range.count), scratch + part * matrixCount + range.lowerBound,
          scratch + range.lowerBound)
      }
    }
  }
}
