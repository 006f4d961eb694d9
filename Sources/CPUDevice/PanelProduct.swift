internal import CKernels

/// A product of rows with an operand that all of them share: y [rows, columns] = x op(b) + start.
///
/// The shared operand is packed once, then blocks of rows are multiplied in any order. Measured on
/// one core of a Zen 4 at the emoji towers' shapes: 117 to 121 GFLOP/s, where OpenBLAS, which packs
/// both operands for every block, reaches 99 to 104. Where the machine lacks the registers, or
/// sizes do not fit, OpenBLAS does it.
struct PanelProduct {
  let columns: Int
  let depth: Int
  let operand: UnsafePointer<Float>
  /// Whether the operand lies as [columns, depth], as weights do.
  let transposes: Bool
  private let usesPanels: Bool

  /// Fewer rows do not repay the packing.
  private static let smallestRows = 64

  /// - Parameter rows: of the whole product.
  init(
    rows: Int, columns: Int, depth: Int, operand: UnsafePointer<Float>, transposes: Bool
  ) {
    self.columns = columns
    self.depth = depth
    self.operand = operand
    self.transposes = transposes
    usesPanels =
      rows >= PanelProduct.smallestRows && columns % 16 == 0 && depth > 0
      && dq_panels_are_fast() != 0
  }

  /// Floats that the packed operand takes.
  var packedCount: Int {
    usesPanels
      ? Int(dq_panel_count(Int64(columns)) * dq_panel_floats(Int64(depth))) : 0
  }

  func pack(into panels: UnsafeMutablePointer<Float>, on threads: ThreadPool) {
    guard usesPanels else { return }
    let panelFloats = Int(dq_panel_floats(Int64(depth)))
    threads.run(taskCount: Int(dq_panel_count(Int64(columns)))) { panel in
      dq_pack_panel(
        Int64(depth), Int64(columns), transposes ? 1 : 0, operand,
        Int64(transposes ? depth : columns), Int64(panel), panels + panel * panelFloats)
    }
  }

  /// - Parameters:
  ///   - x: the first of the rows, `depth` floats each.
  ///   - start: what every row begins with, [columns]; a bias.
  func multiply(
    rows: Int, x: UnsafePointer<Float>, panels: UnsafePointer<Float>,
    start: UnsafePointer<Float>?, into y: UnsafeMutablePointer<Float>
  ) {
    if usesPanels {
      dq_panel_product(
        Int64(rows), Int64(columns), Int64(depth), x, Int64(depth), panels, start, y)
      return
    }
    GEMM.product(
      x, false, depth, operand, transposes, transposes ? depth : columns, y, columns, m: rows,
      n: columns, k: depth, scale: 1, adding: false)
    if let start { dq_bias_add(Int64(rows), Int64(columns), start, y) }
  }
}
