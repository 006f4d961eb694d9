internal import Autodiff

/// The sizes of a value's extents in one run; up to four, held without allocation.
struct Extents {
  private(set) var rank: Int
  private var sizes: (Int, Int, Int, Int)

  /// Those of a scalar.
  init() {
    rank = 0
    sizes = (1, 1, 1, 1)
  }

  init(_ shape: Shape, _ axisSizes: borrowing AxisSizes) {
    precondition(shape.rank <= 4, "Values have up to four extents, not \(shape.rank).")
    rank = shape.rank
    func size(_ index: Int) -> Int {
      index < shape.rank ? shape[index].size(axisSizes) : 1
    }
    sizes = (size(0), size(1), size(2), size(3))
  }

  subscript(index: Int) -> Int {
    switch index {
    case 0: sizes.0
    case 1: sizes.1
    case 2: sizes.2
    default: sizes.3
    }
  }

  var count: Int { sizes.0 * sizes.1 * sizes.2 * sizes.3 }
  /// The last extent; 1 for a scalar.
  var width: Int { rank == 0 ? 1 : self[rank - 1] }
  /// All extents but the last, multiplied.
  var rows: Int { width == 0 ? 0 : count / width }
}

/// A value in memory while a program runs.
struct CPUBuffer {
  let base: UnsafeMutableRawPointer
  var extents: Extents

  var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
  var ids: UnsafeMutablePointer<Int32> { base.assumingMemoryBound(to: Int32.self) }
  var count: Int { extents.count }
  var rows: Int { extents.rows }
  var width: Int { extents.width }
  var byteCount: Int { count * MemoryLayout<Float>.stride }
}

/// What an operation's code is given besides its values.
struct CPUContext {
  let threads: ThreadPool
  let products: ProductFormat
  /// At least as many floats as the operation asked for; not initialized.
  let scratch: UnsafeMutablePointer<Float>
  let randomKey: UInt64
}

/// An operation's face on the CPU: an extension a file, `<Operation>+CPU.swift`.
protocol CPUExecutable: Operation {
  /// - Parameter results: `nil` where nobody reads a result.
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext)

  /// How many floats of scratch a run with these inputs and results needs; the context's own
  /// scratch is that of nothing yet.
  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int
}

extension CPUExecutable {
  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int { 0 }
}

/// How many elements a task of an elementwise loop gets: 64 KiB, so a task's data stays in the
/// nearest caches and cutting the work costs next to nothing.
let elementGrain = 16_384

extension CPUBuffer {
  /// Rows a task gets so that it has about `elementGrain` elements.
  var rowGrain: Int { max(1, elementGrain / max(width, 1)) }
}
