internal import CKernels

/// A product over many rows into a small matrix: c [m, n] (+)= aᵀ b, a [rows, m], b [rows, n].
///
/// Rows of a small c are summed in two or more parts, each into a matrix of its own, and the parts
/// are added in order. How many parts there are follows from the sizes; each part may be cut
/// further, by rows of c, to keep all threads busy, which changes no bit. A large c is one part: it
/// lies in memory, and each pass over it costs.
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
  /// Elements of a c that is one part: 2 MiB and more.
  private static let largeMatrix = 1 << 19
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
    if rows <= WeightGradient.smallestRows || m * n >= WeightGradient.largeMatrix {
      return 1
    }
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
      return sum(into: c, in: context) { rows, columns, part, target in
        dq_weight_gradient(
          Int64(rows.count), Int64(m), Int64(n), a + rows.lowerBound * m, b + rows.lowerBound * n,
          Int64(columns.lowerBound), Int64(columns.upperBound), part == 0 && adding ? 1 : 0, target)
      }
    }
    let left = context.scratch + (partCount - 1) * m * n
    let right = left + length * m
    context.threads.run(over: length, grain: WeightGradient.roundedPairs) { pairs in
      let first = 2 * pairs.lowerBound
      let count = Int64(min(2 * pairs.upperBound, rows) - first)
      let (length, begin) = (Int64(length), Int64(pairs.lowerBound))
      dq_round_rows(
        count, Int64(m), Int64(DQ_LEFT_PANEL), length, begin, a + first * m, left)
      dq_round_rows(
        count, Int64(n), Int64(DQ_RIGHT_PANEL), length, begin, b + first * n, right)
    }
    sum(into: c, in: context) { pairs, columns, part, target in
      dq_bfloat16_weight_gradient(
        Int64(length), Int64(pairs.lowerBound), Int64(pairs.upperBound), Int64(m), Int64(n), left,
        right, Int64(columns.lowerBound), Int64(columns.upperBound), part == 0 && adding ? 1 : 0,
        target)
    }
  }

  /// Sums each part, cut by whole panels of a's columns, and adds the parts.
  ///
  /// - Parameter kernel: sums a range of rows, or pairs of them, into rows of a matrix.
  private func sum(
    into c: UnsafeMutablePointer<Float>, in context: CPUContext,
    by kernel: (
      _ rows: Range<Int>, _ columns: Range<Int>, _ part: Int, _ target: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    let partCount = partCount
    let cuts = max(1, (context.threads.threadCount + partCount - 1) / partCount)
    let width = Int(DQ_LEFT_PANEL)
    let panels = (m + width - 1) / width
    context.threads.run(taskCount: partCount * cuts) { task in
      let (part, cut) = (task / cuts, task % cuts)
      kernel(
        length * part / partCount..<length * (part + 1) / partCount,
        min(m, panels * cut / cuts * width)..<min(m, panels * (cut + 1) / cuts * width), part,
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
