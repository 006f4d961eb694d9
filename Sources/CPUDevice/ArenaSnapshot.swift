internal import Synchronization

/// Arenas as they are at one moment, for someone who reads them while training goes on.
///
/// Nothing is copied at that moment: values and moments stay as they are until the next update, so
/// they are read where they lie. What is still unread when that update comes is copied first:
///
///     let snapshot = ArenaSnapshot(of: [weights], parts: parts, lasting: locked, in: room)
///     snapshot.read(parts[0], of: 0, into: target)     // on another thread
///     snapshot.settle(on: threads)                     // before the memory changes
///
/// Each block of memory has a lock of its own, so that who reads and who copies meet only where
/// they want the same block.
///
/// Safety of `@unchecked Sendable`: a block is read inside its lock, and by its owner's promise
/// nothing changes before `settle` has returned, which takes the lock of every block that is
/// unread. Later reads of such a block see the copy. What lasts does not change at all.
public final class ArenaSnapshot: @unchecked Sendable {
  private static let blockElementCount = SnapshotRoom.slotElementCount

  /// A piece of an arena that is copied as a whole.
  private final class Block: Sendable {
    struct State {
      /// Elements that someone will ask for.
      var unread: Int
      /// Where the copy is.
      var slot: Int?
    }

    let arena: Int
    let range: Range<Int>
    let state: Mutex<State>

    init(arena: Int, range: Range<Int>, unread: Int) {
      (self.arena, self.range) = (arena, range)
      state = Mutex(State(unread: unread))
    }
  }

  private let arenas: [UnsafeBufferPointer<Float>]
  private let lasting: UnsafeBufferPointer<Float>
  /// Keeps the memory.
  private let owners: [AnyObject]
  /// The first block of each arena.
  private let firstBlocks: [Int]
  private let blocks: [Block]
  private let room: SnapshotRoom
  private let unreadCount: Atomic<Int>

  /// - Parameters:
  ///   - arenas: memory that changes after `settle`.
  ///   - parts: what will be read of each of them, once, in any order.
  ///   - lasting: memory that does not change as long as this object is used.
  ///   - owners: what the memory belongs to.
  ///   - room: for copies; no other snapshot uses it meanwhile.
  public init(
    of arenas: [UnsafeBufferPointer<Float>], parts: [Range<Int>],
    lasting: UnsafeBufferPointer<Float>, owners: [AnyObject], in room: SnapshotRoom
  ) {
    (self.arenas, self.lasting, self.owners, self.room) = (arenas, lasting, owners, room)
    let size = Self.blockElementCount
    var firstBlocks: [Int] = []
    var blocks: [Block] = []
    for (number, arena) in arenas.enumerated() {
      var counts = [Int](repeating: 0, count: SnapshotRoom.blockCount(arena.count))
      for part in parts {
        for piece in Self.pieces(of: part) { counts[piece.block] += piece.range.count }
      }
      firstBlocks.append(blocks.count)
      for (index, unread) in counts.enumerated() {
        let range = index * size..<min((index + 1) * size, arena.count)
        blocks.append(Block(arena: number, range: range, unread: unread))
      }
    }
    (self.firstBlocks, self.blocks) = (firstBlocks, blocks)
    unreadCount = Atomic(arenas.count * parts.reduce(0) { $0 + $1.count })
  }

  deinit {
    abandon()
  }

  /// Fills the target with elements of an arena, as they were when the snapshot was made.
  public func read(
    _ range: Range<Int>, of arena: Int, into target: UnsafeMutableRawBufferPointer
  ) {
    var done = 0
    for piece in Self.pieces(of: range) {
      let block = blocks[firstBlocks[arena] + piece.block]
      let bytes = piece.range.count * MemoryLayout<Float>.stride
      let part = UnsafeMutableRawBufferPointer(rebasing: target[done..<done + bytes])
      block.state.withLock { state in
        precondition(state.unread >= piece.range.count, "Elements are read once.")
        let source: UnsafeBufferPointer<Float>
        if let slot = state.slot {
          source = UnsafeBufferPointer(
            start: room[slot] + piece.range.lowerBound - block.range.lowerBound,
            count: piece.range.count)
        } else {
          source = UnsafeBufferPointer(rebasing: arenas[arena][piece.range])
        }
        part.copyMemory(from: UnsafeRawBufferPointer(source))
        forget(piece.range.count, &state)
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
  ///
  /// - Parameter threads: all of them copy; without them the calling one alone.
  public func settle(on threads: ThreadPool? = nil) {
    if unreadCount.load(ordering: .acquiring) == 0 { return }
    if let threads {
      threads.run(taskCount: blocks.count) { settle(blocks[$0]) }
    } else {
      // What is read last is copied first, as long as there is time for a choice.
      for block in blocks.reversed() { settle(block) }
    }
  }

  private func settle(_ block: Block) {
    block.state.withLock { state in
      guard state.unread > 0, state.slot == nil else { return }
      let slot = room.take()
      let live = UnsafeBufferPointer(rebasing: arenas[block.arena][block.range])
      _ = UnsafeMutableBufferPointer(start: room[slot], count: live.count).update(from: live)
      state.slot = slot
    }
  }

  /// Says that nobody reads any further.
  public func abandon() {
    for block in blocks {
      block.state.withLock { state in forget(state.unread, &state) }
    }
  }

  /// Bytes that are still to be read.
  public var unreadBytes: Int {
    unreadCount.load(ordering: .acquiring) * MemoryLayout<Float>.stride
  }

  /// Takes note of elements that nobody will ask for again. Inside the block's lock.
  private func forget(_ count: Int, _ state: inout Block.State) {
    state.unread -= count
    unreadCount.subtract(count, ordering: .acquiringAndReleasing)
    guard state.unread == 0, let slot = state.slot else { return }
    room.giveBack(slot)
    state.slot = nil
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
