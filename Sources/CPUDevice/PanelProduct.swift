internal import CKernels

/// A product of rows with an operand that all of them share: y [rows, columns] = x op(b) + start.
///
/// The shared operand is packed once, then blocks of rows are multiplied in any order. Measured on
/// one core of a Zen 4 at the emoji towers' shapes: 117 to 121 GFLOP/s, where OpenBLAS, which packs
/// both operands for every block, reaches 99 to 104; in BF16, with the rounding of x, 216 to 232.
/// Where the machine lacks the registers, or sizes do not fit, OpenBLAS does it.
struct PanelProduct {
  let columns: Int
  let depth: Int
  let operand: UnsafePointer<Float>
  /// Whether the operand lies as [columns, depth], as weights do.
  let transposes: Bool
  private let kind: Kind

  private enum Kind {
    case openBLAS
    case floats
    /// Pairs of BF16 in a word: panels of half the depth.
    case pairs
  }

  /// Whether this machine has registers for it. Then what a row gives does not depend on the other
  /// rows: few of them are multiplied as many are, although OpenBLAS would take less time for few.
  static var isFast: Bool { dq_panels_are_fast() != 0 }

  init(
    columns: Int, depth: Int, operand: UnsafePointer<Float>, transposes: Bool,
    format: ProductFormat = .float32
  ) {
    self.columns = columns
    self.depth = depth
    self.operand = operand
    self.transposes = transposes
    if columns % 16 != 0 || depth == 0 || !PanelProduct.isFast {
      kind = .openBLAS
    } else {
      kind = format == .bfloat16 && depth % 2 == 0 ? .pairs : .floats
    }
  }

  /// Floats or words along the sum.
  private var packedDepth: Int { kind == .pairs ? depth / 2 : depth }

  /// Floats that the packed operand takes.
  private var packedCount: Int {
    kind == .openBLAS
      ? 0 : Int(dq_panel_count(Int64(columns)) * dq_panel_floats(Int64(packedDepth)))
  }

  /// Floats that one thread's rounded rows take.
  private var roundedCount: Int {
    kind == .pairs ? (RowBlocks.limit * packedDepth + 15) / 16 * 16 : 0
  }

  /// The packed operand, and room for each thread's rounded rows.
  func scratchCount(threadCount: Int) -> Int { packedCount + threadCount * roundedCount }

  /// - Returns: the bytes that it reads and writes.
  func pack(into scratch: UnsafeMutablePointer<Float>, on threads: ThreadPool) -> Int {
    guard kind != .openBLAS else { return 0 }
    let depth = Int64(packedDepth)
    let panelFloats = Int(dq_panel_floats(depth))
    let pack = kind == .pairs ? dq_pack_bfloat16_panel : dq_pack_panel
    threads.run(taskCount: Int(dq_panel_count(Int64(columns)))) { panel in
      pack(
        depth, Int64(columns), transposes ? 1 : 0, operand,
        Int64(transposes ? self.depth : columns), Int64(panel), scratch + panel * panelFloats)
    }
    return (columns * self.depth + packedCount) * MemoryLayout<Float>.stride
  }

  /// - Parameters:
  ///   - rows: at most a block of `RowBlocks` where the format is not Float32.
  ///   - x: the first of the rows, `depth` floats each.
  ///   - scratch: what `pack` was given.
  ///   - threads: those that the calling thread is one of.
  ///   - start: what every row begins with, [columns]; a bias.
  func multiply(
    rows: Int, x: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    on threads: ThreadPool,
    start: UnsafePointer<Float>?, into y: UnsafeMutablePointer<Float>
  ) {
    switch kind {
    case .floats:
      dq_panel_product(
        Int64(rows), Int64(columns), Int64(depth), x, Int64(depth), scratch, start, y)
    case .pairs:
      precondition(rows <= RowBlocks.limit, "\(rows) rows have no room to be rounded.")
      let thread = ThreadPool.threadNumber
      precondition(thread < threads.threadCount, "Thread \(thread) is another pool's.")
      let rounded = scratch + packedCount + thread * roundedCount
      dq_round_neighbours(Int64(rows * packedDepth), x, rounded)
      dq_bfloat16_panel_product(
        Int64(rows), Int64(columns), Int64(packedDepth), rounded, scratch, start, y)
    case .openBLAS:
      GEMM.product(
        x, false, depth, operand, transposes, transposes ? depth : columns, y, columns, m: rows,
        n: columns, k: depth, scale: 1, adding: false)
      if let start { dq_bias_add(Int64(rows), Int64(columns), start, y) }
    }
  }
}
