internal import CKernels
internal import Glibc

/// A sum over rows by many tasks: each sums a fixed part, then the parts are added in order.
///
/// How rows are cut depends on their number alone, so any thread count gives the same bits.
struct RowReduction {
  let rows: Int
  /// Elements that each part sums into: all results end to end.
  let width: Int

  private static let partCount = 8
  /// Below this, cutting costs more than it saves.
  private static let smallCount = 16_384

  private var parts: Int { rows * width < RowReduction.smallCount ? 1 : RowReduction.partCount }

  var scratchCount: Int { parts * width }

  /// - Parameters:
  ///   - results: buffers that together have `width` elements.
  ///   - body: adds the rows of its range to its part, which starts at zero.
  func run(
    into results: [CPUBuffer?], in context: CPUContext,
    _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) {
    let parts = parts
    memset(context.scratch, 0, scratchCount * MemoryLayout<Float>.stride)
    let grain = max(1, (rows + parts - 1) / parts)
    context.threads.run(taskCount: parts) { part in
      let start = min(part * grain, rows)
      body(start..<min(start + grain, rows), context.scratch + part * width)
    }
    for part in 1..<max(parts, 1) {
      dq_accumulate(Int64(width), context.scratch + part * width, context.scratch)
    }
    var offset = 0
    let share = width / results.count
    for result in results {
      if let result { memcpy(result.base, context.scratch + offset, result.byteCount) }
      offset += share
    }
  }
}
