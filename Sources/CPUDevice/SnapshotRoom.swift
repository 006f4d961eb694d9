internal import Glibc
internal import Synchronization

/// Room for the copies of snapshots, kept from one snapshot to the next.
///
/// Memory comes from the system when it is first needed, or before by ``fill(part:)``, and
/// stays: to have the same memory given anew for each checkpoint would cost several times as much
/// as the copying.
///
/// Safety of `@unchecked Sendable`: memory is handed out a slot at a time, inside the lock, and
/// who has a slot has it alone until it is given back.
public final class SnapshotRoom: @unchecked Sendable {
  /// Two MiB, the size of a large page.
  static let slotElementCount = 1 << 19
  static let slotBytes = slotElementCount * MemoryLayout<Float>.stride

  private struct State {
    /// The one given back last is handed out first.
    var free: [Int] = []
    var touchedCount = 0
  }

  private let arena: Arena
  private let slotCount: Int
  private let state = Mutex(State())

  /// - Parameter arenas: the lengths of all that one snapshot may have to copy.
  public init(arenas: [Int]) {
    slotCount = arenas.reduce(0) { $0 + Self.blockCount($1) }
    // Takes no memory yet.
    arena = Arena.required(byteCount: slotCount * Self.slotBytes)
  }

  static func blockCount(_ elementCount: Int) -> Int {
    (elementCount + slotElementCount - 1) / slotElementCount
  }

  /// All that there is room for.
  public var byteCount: Int { slotCount * Self.slotBytes }

  /// Has the system give a part of the memory now, whatever is in it already; a system that cannot
  /// do so gives it later.
  ///
  /// - Parameter index: of the parts, of which there are ``partCount``.
  public func fill(part index: Int) {
    // MADV_POPULATE_WRITE of Linux 5.14, which Glibc's older headers do not have.
    madvise(self[index], Self.slotBytes, 23)
  }

  public var partCount: Int { slotCount }

  /// What copies took at a time at most.
  public var touchedBytes: Int { state.withLock { $0.touchedCount } * Self.slotBytes }

  func take() -> Int {
    state.withLock { state in
      if let slot = state.free.popLast() { return slot }
      precondition(state.touchedCount < slotCount, "Two snapshots copy into one room.")
      state.touchedCount += 1
      return state.touchedCount - 1
    }
  }

  func giveBack(_ slot: Int) { state.withLock { $0.free.append(slot) } }

  subscript(slot: Int) -> UnsafeMutablePointer<Float> {
    arena.base.assumingMemoryBound(to: Float.self) + slot * Self.slotElementCount
  }
}
