import TestSupport
import Testing

@testable import CPUDevice

/// Memory as it was when a snapshot was made, however it changes after `settle`.
@Suite struct ArenaSnapshotTests {
  /// Two arenas of several blocks, with gaps between the parts that are read.
  private final class Trial {
    static let count = 1_300_000
    static let parts = [0..<7, 64..<600_000, 600_064..<600_065, 700_000..<1_300_000]

    let arenas: [UnsafeMutableBufferPointer<Float>]
    let locked: UnsafeMutableBufferPointer<Float>
    let room: SnapshotRoom
    let snapshot: ArenaSnapshot
    let threads: ThreadPool?

    init(threads: ThreadPool? = nil) {
      self.threads = threads
      arenas = (0..<2).map { arena in
        let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: Trial.count)
        memory.initialize(repeating: 0)
        for index in memory.indices { memory[index] = Trial.value(arena, index) }
        return memory
      }
      locked = .allocate(capacity: 10)
      locked.initialize(repeating: 5)
      room = SnapshotRoom(arenas: arenas.map(\.count))
      snapshot = Trial.snapshot(arenas, locked, room)
    }

    static func snapshot(
      _ arenas: [UnsafeMutableBufferPointer<Float>], _ locked: UnsafeMutableBufferPointer<Float>,
      _ room: SnapshotRoom
    ) -> ArenaSnapshot {
      ArenaSnapshot(
        of: arenas.map { UnsafeBufferPointer($0) }, parts: Trial.parts,
        lasting: UnsafeBufferPointer(locked), owners: [], in: room)
    }

    deinit {
      for memory in arenas + [locked] { memory.deallocate() }
    }

    static func value(_ arena: Int, _ index: Int) -> Float { Float(index + arena * 2_000_000) }

    /// What an update does.
    func change() {
      snapshot.settle(on: threads)
      for memory in arenas { memory.update(repeating: -1) }
    }

    /// Whether a range has the values from before.
    func isRight(_ range: Range<Int>, of arena: Int) -> Bool {
      var values = [Float](repeating: 0, count: range.count)
      values.withUnsafeMutableBytes { snapshot.read(range, of: arena, into: $0) }
      return zip(range, values).allSatisfy { $1 == Trial.value(arena, $0) }
    }
  }

  @Test(arguments: [0, 3, 5, 8], [0, 1, 3])
  func `values are those of before, whenever the memory changes`(
    _ readBefore: Int, _ threadCount: Int
  ) {
    let trial = Trial(threads: threadCount == 0 ? nil : ThreadPool(threadCount: threadCount))
    let pieces = (0..<2).flatMap { arena in Trial.parts.map { (arena, $0) } }
    for (index, piece) in pieces.enumerated() {
      if index == readBefore { trial.change() }
      #expect(trial.isRight(piece.1, of: piece.0), "\(piece)")
    }
    if readBefore == pieces.count { trial.change() }
    #expect(trial.snapshot.unreadBytes == 0)
    // What was read before the change was not copied.
    #expect((trial.room.touchedBytes == 0) == (readBefore == pieces.count))
    trial.change()
  }

  @Test func `parts of a block are right on both sides of a change`() {
    let trial = Trial()
    #expect(trial.isRight(64..<200_000, of: 1))
    trial.change()
    #expect(trial.isRight(200_000..<600_000, of: 1))
    #expect(trial.isRight(0..<7, of: 1))
  }

  @Test func `later changes do not reach the copy`() {
    let trial = Trial()
    trial.change()
    trial.change()
    #expect(Trial.parts.allSatisfy { trial.isRight($0, of: 0) })
  }

  /// One reads, one copies ahead, and the update comes in between: whoever is faster, the values
  /// are those of before. Many rounds, because who is faster is chance.
  @Test(arguments: [1, 3], [false, true])
  func `a reader, a copier and updates do not disturb each other`(
    _ threadCount: Int, _ isCopiedAhead: Bool
  ) async {
    let threads = ThreadPool(threadCount: threadCount)
    for round in 0..<6 {
      let trial = Trial(threads: threads)
      let snapshot = trial.snapshot
      async let wrong = Task.detached {
        var wrong: [String] = []
        var values = [Float](repeating: 0, count: 65_536)
        for arena in 0..<2 {
          for part in Trial.parts {
            for start in stride(from: part.lowerBound, to: part.upperBound, by: values.count) {
              let range = start..<min(start + values.count, part.upperBound)
              values.withUnsafeMutableBytes { snapshot.read(range, of: arena, into: $0) }
              let isRight = zip(range, values).allSatisfy { $1 == Trial.value(arena, $0) }
              if !isRight { wrong.append("\(arena) \(range)") }
            }
          }
        }
        return wrong
      }.value
      async let copied: Void = Task.detached {
        if isCopiedAhead { snapshot.settle() }
      }.value
      for _ in 0..<round * 200 { await Task.yield() }
      trial.change()
      trial.change()
      await copied
      #expect(await wrong == [])
      #expect(snapshot.unreadBytes == 0)
      // Every copy was given back, once.
      let slots = (0..<trial.room.touchedBytes / SnapshotRoom.slotBytes).map { _ in
        trial.room.take()
      }
      #expect(Set(slots).count == slots.count)
    }
  }

  @Test func `the room of one snapshot serves the next`() {
    let trial = Trial()
    trial.change()
    let held = trial.room.touchedBytes
    #expect(held > 0)
    trial.snapshot.abandon()
    let next = Trial.snapshot(trial.arenas, trial.locked, trial.room)
    next.settle()
    #expect(trial.room.touchedBytes == held)
    // It has copies of the values of now.
    for memory in trial.arenas { memory.update(repeating: 7) }
    var values = [Float](repeating: 0, count: 4)
    values.withUnsafeMutableBytes { next.read(0..<4, of: 1, into: $0) }
    #expect(values == [-1, -1, -1, -1])
  }

  @Test func `filling the room leaves what is in it`() {
    let trial = Trial()
    trial.change()
    for part in 0..<trial.room.partCount { trial.room.fill(part: part) }
    #expect(trial.room.byteCount == trial.room.partCount * SnapshotRoom.slotBytes)
    #expect(Trial.parts.allSatisfy { trial.isRight($0, of: 1) })
  }

  @Test func `a snapshot that is let go gives its copies back`() {
    let room: SnapshotRoom
    do {
      let trial = Trial()
      trial.change()
      room = trial.room
    }
    let count = room.touchedBytes / SnapshotRoom.slotBytes
    #expect(Set((0..<count).map { _ in room.take() }) == Set(0..<count))
  }

  @Test func `what is given up is neither copied nor kept`() {
    let trial = Trial()
    trial.snapshot.abandon()
    trial.change()
    #expect(trial.snapshot.unreadBytes == 0 && trial.room.touchedBytes == 0)
  }

  @Test func `what lasts is read where it lies`() {
    let trial = Trial()
    trial.change()
    var values = [Float](repeating: 0, count: 4)
    values.withUnsafeMutableBytes { trial.snapshot.readLasting(3..<7, into: $0) }
    #expect(values == [5, 5, 5, 5])
  }

  @Test func `elements are read once`() async {
    await #expect(processExitsWith: .failure) {
      let trial = Trial()
      _ = trial.isRight(0..<7, of: 0)
      _ = trial.isRight(Trial.parts[1], of: 0)
      _ = trial.isRight(0..<7, of: 0)
    }
  }
}
