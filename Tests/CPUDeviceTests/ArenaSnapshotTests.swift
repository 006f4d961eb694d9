import CPUDevice
import TestSupport
import Testing

/// Memory as it was when a snapshot was made, however it changes after `settle`.
@Suite struct ArenaSnapshotTests {
  /// Two arenas of several blocks, with gaps between the parts that are read.
  private final class Trial {
    static let count = 1_300_000
    static let parts = [0..<7, 64..<600_000, 600_064..<600_065, 700_000..<1_300_000]

    let arenas: [UnsafeMutableBufferPointer<Float>]
    let locked: UnsafeMutableBufferPointer<Float>
    let snapshot: ArenaSnapshot

    init() {
      arenas = (0..<2).map { arena in
        let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: Trial.count)
        memory.initialize(repeating: 0)
        for index in memory.indices { memory[index] = Trial.value(arena, index) }
        return memory
      }
      locked = .allocate(capacity: 10)
      locked.initialize(repeating: 5)
      snapshot = ArenaSnapshot(
        of: arenas.map { UnsafeBufferPointer($0) }, parts: Trial.parts,
        lasting: UnsafeBufferPointer(locked), owners: [])
    }

    deinit {
      for memory in arenas + [locked] { memory.deallocate() }
    }

    static func value(_ arena: Int, _ index: Int) -> Float { Float(index + arena * 2_000_000) }

    /// What an update does.
    func change() {
      snapshot.settle()
      for memory in arenas { memory.update(repeating: -1) }
    }

    /// Whether a range has the values from before.
    func isRight(_ range: Range<Int>, of arena: Int) -> Bool {
      var values = [Float](repeating: 0, count: range.count)
      values.withUnsafeMutableBytes { snapshot.read(range, of: arena, into: $0) }
      return zip(range, values).allSatisfy { $1 == Trial.value(arena, $0) }
    }
  }

  @Test(arguments: [0, 3, 5, 8])
  func `values are those of before, whenever the memory changes`(_ readBefore: Int) {
    let trial = Trial()
    let pieces = (0..<2).flatMap { arena in Trial.parts.map { (arena, $0) } }
    for (index, piece) in pieces.enumerated() {
      if index == readBefore { trial.change() }
      #expect(trial.isRight(piece.1, of: piece.0), "\(piece)")
    }
    if readBefore == pieces.count { trial.change() }
    #expect(trial.snapshot.unreadBytes == 0)
    // What was read before the change was not copied.
    #expect((trial.snapshot.copiedBytesMaximum == 0) == (readBefore == pieces.count))
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

  @Test func `what is given up is neither copied nor kept`() {
    let trial = Trial()
    trial.snapshot.abandon()
    trial.change()
    #expect(trial.snapshot.unreadBytes == 0 && trial.snapshot.copiedBytesMaximum == 0)
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
