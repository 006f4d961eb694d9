internal import Glibc
internal import Synchronization

/// Arenas as they are at one moment, for someone who reads them while training goes on.
///
/// Nothing is copied at that moment: values and moments stay as they are until the next update, so
/// they are read where they lie. What is still unread when that update comes is copied first:
///
///     let snapshot = ArenaSnapshot(of: [weights, moments], parts: parts, lasting: locked)
///     snapshot.read(parts[0], of: 0, into: target)     // on another thread
///     snapshot.settle()                                // before the memory changes
///
/// Safety of `@unchecked Sendable`: memory is read inside the lock, and by its owner's promise
/// nothing changes before `settle` has returned, which takes the lock for every block that is
/// unread. Later reads of such a block see the copy. What lasts does not change at all.
public final class ArenaSnapshot: @unchecked Sendable {
  /// Two MiB, the size of a large page: whole pages go back to the system once they are read.
  private static let blockElementCount = 1 << 19

  private struct State {
    /// Of each block, elements that someone will ask for.
    var unread: [Int]
    var isCopied: [Bool]
    var copiedBlockCount = 0
    var copiedBlockMaximum = 0
  }

  private let arenas: [UnsafeBufferPointer<Float>]
  private let lasting: UnsafeBufferPointer<Float>
  /// Keeps the memory.
  private let owners: [AnyObject]
  /// The first block of each arena, and the number of all blocks.
  private let firstBlocks: [Int]
  /// A place for every block, which takes no memory before it is copied.
  private let copies: Arena
  private let state: Mutex<State>

  /// - Parameters:
  ///   - arenas: memory that changes after `settle`, all of one length.
  ///   - parts: what will be read of each of them, once, in any order.
  ///   - lasting: memory that does not change as long as this object is used.
  ///   - owners: what the memory belongs to.
  public init(
    of arenas: [UnsafeBufferPointer<Float>], parts: [Range<Int>],
    lasting: UnsafeBufferPointer<Float>, owners: [AnyObject]
  ) {
    self.arenas = arenas
    self.lasting = lasting
    self.owners = owners
    let size = ArenaSnapshot.blockElementCount
    var firstBlocks = [0]
    var unread: [Int] = []
    for arena in arenas {
      var counts = [Int](repeating: 0, count: (arena.count + size - 1) / size)
      for part in parts {
        for piece in Self.pieces(of: part) { counts[piece.block] += piece.range.count }
      }
      unread += counts
      firstBlocks.append(unread.count)
    }
    self.firstBlocks = firstBlocks
    copies = Arena(byteCount: unread.count * size * MemoryLayout<Float>.stride)
    state = Mutex(
      State(unread: unread, isCopied: [Bool](repeating: false, count: unread.count)))
  }

  /// Fills the target with elements of an arena, as they were when the snapshot was made.
  public func read(
    _ range: Range<Int>, of arena: Int, into target: UnsafeMutableRawBufferPointer
  ) {
    let live = arenas[arena]
    var done = 0
    for piece in Self.pieces(of: range) {
      let block = firstBlocks[arena] + piece.block
      let bytes = piece.range.count * MemoryLayout<Float>.stride
      let part = UnsafeMutableRawBufferPointer(rebasing: target[done..<done + bytes])
      state.withLock { state in
        precondition(state.unread[block] >= piece.range.count, "Elements are read once.")
        let source =
          state.isCopied[block]
          ? UnsafeBufferPointer(
            start: copy(block) + piece.range.lowerBound % Self.blockElementCount,
            count: piece.range.count)
          : UnsafeBufferPointer(rebasing: live[piece.range])
        part.copyMemory(from: UnsafeRawBufferPointer(source))
        state.unread[block] -= piece.range.count
        if state.unread[block] == 0 { release(block, &state) }
      }
      done += bytes
    }
  }

  /// Fills the target with elements that last.
  public func readLasting(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) {
    target.copyMemory(
      from: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: lasting[range])))
  }

  /// Copies what is unread; afterwards the arenas may change. Costs nothing where all is read.
  public func settle() {
    for (arena, live) in arenas.enumerated() {
      for block in firstBlocks[arena]..<firstBlocks[arena + 1] {
        let start = (block - firstBlocks[arena]) * Self.blockElementCount
        let count = min(Self.blockElementCount, live.count - start)
        state.withLock { state in
          guard state.unread[block] > 0, !state.isCopied[block] else { return }
          copy(block).update(from: live.baseAddress! + start, count: count)
          state.isCopied[block] = true
          state.copiedBlockCount += 1
          state.copiedBlockMaximum = max(state.copiedBlockMaximum, state.copiedBlockCount)
        }
      }
    }
  }

  /// Says that nobody reads any further.
  public func abandon() {
    state.withLock { state in
      for block in state.unread.indices {
        state.unread[block] = 0
        release(block, &state)
      }
    }
  }

  /// Bytes that are still to be read.
  public var unreadBytes: Int {
    state.withLock { $0.unread.reduce(0, +) } * MemoryLayout<Float>.stride
  }

  /// The most memory that copies took at a time.
  public var copiedBytesMaximum: Int {
    state.withLock { $0.copiedBlockMaximum } * Self.blockElementCount
      * MemoryLayout<Float>.stride
  }

  private func copy(_ block: Int) -> UnsafeMutablePointer<Float> {
    copies.base.assumingMemoryBound(to: Float.self) + block * Self.blockElementCount
  }

  /// Gives a block's copy back to the system.
  private func release(_ block: Int, _ state: inout State) {
    guard state.isCopied[block] else { return }
    madvise(
      copy(block), Self.blockElementCount * MemoryLayout<Float>.stride, MADV_DONTNEED)
    state.isCopied[block] = false
    state.copiedBlockCount -= 1
  }

  /// A range cut where blocks end.
  private static func pieces(of range: Range<Int>) -> [(block: Int, range: Range<Int>)] {
    var pieces: [(block: Int, range: Range<Int>)] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let block = start / blockElementCount
      let end = min(range.upperBound, (block + 1) * blockElementCount)
      pieces.append((block, start..<end))
      start = end
    }
    return pieces
  }
}
