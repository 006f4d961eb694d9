internal import CKernels

/// A product over many rows into a small matrix: c [m, n] (+)= aᵀ b, a [rows, m], b [rows, n].
///
/// Rows are summed in two or more parts, each into a matrix of its own, and the parts are added in
/// order. How many parts there are follows from the number of rows; each part may be cut further,
/// by rows of c, to keep all threads busy, which changes no bit.
struct WeightGradient {
  let m: Int
  let n: Int
  let rows: Int
  private let usesTiles: Bool
  /// Whether both operands are rounded first, to pairs of rows in BF16.
  private let usesPairs: Bool

  /// Rows of a pair of parts at most.
  private static let rowLimit = 4_096
  /// Fewer rows are one part.
  private static let smallestRows = 128
  /// Pairs of rows that a task rounds.
  private static let roundedPairs = 32

  init(m: Int, n: Int, rows: Int, format: ProductFormat) {
    self.m = m
    self.n = n
    self.rows = rows
    usesTiles = n % 16 == 0 && rows > 0 && dq_panels_are_fast() != 0
    usesPairs = usesTiles && format == .bfloat16
  }

  private var partCount: Int {
    if rows <= WeightGradient.smallestRows { return 1 }
    return 2 * ((rows + WeightGradient.rowLimit - 1) / WeightGradient.rowLimit)
  }

  /// What tiles sum over: rows, or pairs of them.
  private var length: Int { usesPairs ? (rows + 1) / 2 : rows }

  /// The first part is summed into the result. Behind the others lie rounded operands.
  var scratchCount: Int {
    guard usesTiles else { return 0 }
    return (partCount - 1) * m * n + (usesPairs ? length * (m + n) : 0)
  }

  func multiply(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>,
    adding: Bool, in context: CPUContext
  ) {
    guard usesTiles else {
      GEMM.multiply(
        a, transposingLeft: true, by: b, into: c, m: m, n: n, k: rows, adding: adding,
        on: context.threads)
      return
    }
    guard usesPairs else {
      return sum(a, b, into: c, adding: adding, in: context, by: dq_weight_gradient)
    }
    let left = context.scratch + (partCount - 1) * m * n
    let right = left + length * m
    context.threads.run(over: length, grain: WeightGradient.roundedPairs) { pairs in
      let first = 2 * pairs.lowerBound
      let count = Int64(min(2 * pairs.upperBound, rows) - first)
      dq_round_rows(count, Int64(m), a + first * m, left + pairs.lowerBound * m)
      dq_round_rows(count, Int64(n), b + first * n, right + pairs.lowerBound * n)
    }
    sum(left, right, into: c, adding: adding, in: context, by: dq_bfloat16_weight_gradient)
  }

  private typealias Kernel = (
    _ length: Int64, _ m: Int64, _ n: Int64, _ a: UnsafePointer<Float>?,
    _ b: UnsafePointer<Float>?, _ begin: Int64, _ end: Int64, _ accumulates: Int32,
    _ c: UnsafeMutablePointer<Float>?
  ) -> Void

  private func sum(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>,
    adding: Bool, in context: CPUContext, by kernel: Kernel
  ) {
    let partCount = partCount
    let cuts = max(1, (context.threads.threadCount + partCount - 1) / partCount)
    context.threads.run(taskCount: partCount * cuts) { task in
      let (part, cut) = (task / cuts, task % cuts)
      let range = length * part / partCount..<length * (part + 1) / partCount
      kernel(
        Int64(range.count), Int64(m), Int64(n), a + range.lowerBound * m, b + range.lowerBound * n,
        Int64(m * cut / cuts), Int64(m * (cut + 1) / cuts), part == 0 && adding ? 1 : 0,
        part == 0 ? c : context.scratch + (part - 1) * m * n)
    }
    guard partCount > 1 else { return }
    context.threads.run(over: m * n, grain: elementGrain) { range in
      for part in 1..<partCount {
        dq_accumulate(
          Int64(range.count), context.scratch + (part - 1) * m * n + range.lowerBound,
          c + range.lowerBound)
      }
    }
  }
}
