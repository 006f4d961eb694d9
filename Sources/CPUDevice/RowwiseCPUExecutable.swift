internal import Autodiff

/// An operation of which any rows can be computed without the others.
///
/// A group of them (see `Plan.groups`) runs block of rows after block of rows, each block through
/// all the group's steps before the thread takes the next one.
protocol RowwiseCPUExecutable: CPUExecutable {
  /// Does, with all threads, what all rows need first; its scratch stays until they are done.
  ///
  /// - Returns: the bytes that it reads and writes.
  func prepare(
    _ inputs: [CPUBuffer], for results: [CPUBuffer?], in context: CPUContext
  ) -> Int

  /// Computes some rows of the results.
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext)
}

extension RowwiseCPUExecutable {
  func prepare(
    _ inputs: [CPUBuffer], for results: [CPUBuffer?], in context: CPUContext
  ) -> Int { 0 }

  /// All rows, in the blocks in which a group computes them.
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let result = results.compactMap({ $0 }).first else { return }
    _ = prepare(inputs, for: results, in: context)
    RowBlocks.run(over: result.rowCount, on: context.threads) { rows in
      run(inputs, into: results, rows: rows, in: context)
    }
  }
}

/// How rows are cut into tasks: by their number alone, so that a step's bits depend neither on the
/// threads nor on the group that it runs in.
enum RowBlocks {
  /// Enough rows to make a product's packing cheap, few enough for the nearest cache.
  static let limit = 192
  /// Below this, cutting costs more than it saves.
  private static let smallest = 32

  /// Blocks of equal height, an even number of them, so that two threads finish together.
  static func height(of rows: Int) -> Int {
    if rows <= smallest { return max(1, rows) }
    let count = (rows + limit - 1) / limit
    let even = count + count % 2
    return ((rows + even - 1) / even + 7) / 8 * 8
  }

  static func run(over rows: Int, on threads: ThreadPool, _ body: (Range<Int>) -> Void) {
    threads.run(over: rows, grain: height(of: rows), body)
  }
}

extension CPUBuffer {
  /// How many rows a rowwise operation sees: matrices and lists of numbers by their first extent,
  /// anything else as one row.
  var rowCount: Int { extents.rank == 1 || extents.rank == 2 ? extents[0] : 1 }

  /// The elements of some rows.
  func elements(ofRows rows: Range<Int>) -> Range<Int> {
    let width = rowCount == 0 ? 0 : count / rowCount
    return rows.lowerBound * width..<rows.upperBound * width
  }
}
