import TestSupport
import Testing

@testable import Autodiff

@Suite struct ArenaPlacementTests {
  private func buffers(seed: UInt64) -> [Buffer] {
    var generator = SeededGenerator(seed: seed)
    return (0..<60).map { _ in
      let first = Int.random(in: 0..<40, using: &generator)
      return Buffer(
        byteCount: Int.random(in: 0...2_000, using: &generator), firstStep: first,
        lastStep: first + Int.random(in: 0...12, using: &generator))
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `buffers that live together lie apart, aligned`(seed: UInt64) {
    let placed = Plan.packed(buffers(seed: seed), reusing: true)
    for (index, left) in placed.enumerated() {
      #expect(left.byteOffset % Plan.alignment == 0)
      for right in placed[..<index] where left.overlapsInTime(right) {
        let isBefore = left.byteOffset + left.byteCount <= right.byteOffset
        let isBehind = right.byteOffset + right.byteCount <= left.byteOffset
        #expect(isBefore || isBehind, "\(left) and \(right)")
      }
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `packing comes close to what lives at one time`(seed: UInt64) {
    let placed = Plan.packed(buffers(seed: seed), reusing: true)
    let total = placed.map { $0.byteOffset + $0.byteCount }.max() ?? 0
    var busiest = 0
    for step in 0..<60 {
      let living = placed.filter { $0.firstStep <= step && step <= $0.lastStep }
      let bytes = living.reduce(0) { $0 + ($1.byteCount + 255) / 256 * 256 }
      busiest = max(busiest, bytes)
    }
    // Greedy by size is within a fifth of the lower bound on these.
    #expect(total <= busiest + busiest / 5)
  }

  @Test func `without reuse nothing overlaps`() {
    let placed = Plan.packed(buffers(seed: 1), reusing: false)
      .filter { $0.byteCount > 0 }.sorted { $0.byteOffset < $1.byteOffset }
    for (left, right) in zip(placed, placed.dropFirst()) {
      #expect(left.byteOffset + left.byteCount <= right.byteOffset)
    }
  }
}
