import Foundation
import Models
import TestSupport
import Testing

@testable import Training

/// Which patches of a picture a masked tower sees.
@Suite struct KeptPatchesTests {
  /// The rows of some pictures of a batch, as many numbers for each.
  static func rows(
    _ kept: KeptPatches, pairs: Range<Int>, step: Int = 5, seed: UInt64 = 9
  ) -> [Int32] {
    var rows = [Int32](repeating: -1, count: pairs.count * (kept.keptCount + 1))
    rows.withUnsafeMutableBufferPointer {
      kept.write(pairs: pairs, step: step, seed: seed, into: $0)
    }
    return rows
  }

  /// The patches of one pair, from 0, in the order of the rows.
  private func patches(
    _ kept: KeptPatches, pair: Int, step: Int = 5, seed: UInt64 = 9
  ) -> [Int32] {
    Self.rows(kept, pairs: pair..<pair + 1, step: step, seed: seed).dropFirst().map { $0 - 1 }
  }

  @Test(arguments: [(1, 1), (1, 4), (3, 4), (4, 4), (98, 196)])
  func `the class token leads, patches differ and are the picture's own`(
    keptCount: Int, patchCount: Int
  ) {
    let kept = KeptPatches(keptCount, of: patchCount)
    let rows = Self.rows(kept, pairs: 3..<8)
    for picture in 0..<5 {
      let own = Array(rows[picture * (keptCount + 1)..<(picture + 1) * (keptCount + 1)])
      let first = Int32(picture * (patchCount + 1))
      #expect(own[0] == first)
      #expect(Set(own).count == keptCount + 1)
      #expect(own.dropFirst().allSatisfy { (first + 1...first + Int32(patchCount)).contains($0) })
    }
  }

  @Test func `patches stay in the order of their noise, which is not theirs`() {
    let kept = KeptPatches(98, of: 196)
    let drawn = patches(kept, pair: 7)
    let key = RandomKey.mixed(9, 5, 7)
    let noise = (0..<196).map {
      CounterGenerator.bits(key: key, site: .max, index: UInt64($0))
    }
    let order = (0..<196).sorted { noise[$0] < noise[$1] }
    #expect(drawn == order.prefix(98).map(Int32.init))
    #expect(drawn != drawn.sorted())
  }

  @Test func `the draw follows from seed, step and the pair's place alone`() {
    let kept = KeptPatches(20, of: 49)
    let drawn = patches(kept, pair: 6)
    #expect(patches(kept, pair: 6) == drawn)
    #expect(patches(kept, pair: 7) != drawn)
    #expect(patches(kept, pair: 6, step: 6) != drawn)
    #expect(patches(kept, pair: 6, seed: 10) != drawn)
    // However pictures are cut into chunks.
    let whole = Self.rows(kept, pairs: 0..<9)
    let part = Self.rows(kept, pairs: 4..<9).map { $0 + 4 * 50 }
    #expect(Array(whole[(4 * 21)...]) == part)
  }

  @Test func `every patch stays as often as every other`() {
    let kept = KeptPatches(5, of: 20)
    var counts = [Int](repeating: 0, count: 20)
    var firsts = counts
    for pair in 0..<4_000 {
      let drawn = patches(kept, pair: pair)
      for patch in drawn { counts[Int(patch)] += 1 }
      firsts[Int(drawn[0])] += 1
    }
    // 4,000 draws: five standard deviations of a share of 1/4, and of 1/20 for the first place.
    #expect(counts.allSatisfy { abs(Double($0) - 1_000) < 5 * 27.4 })
    #expect(firsts.allSatisfy { abs(Double($0) - 200) < 5 * 13.8 })
  }

  /// `int(patches * (1 - ratio))` of the original, in the same arithmetic.
  @Test(arguments: [
    (224, 16, 0.5, 98), (224, 14, 0.5, 128), (224, 14, 0.75, 64), (160, 16, 0.9, 9),
    (16, 8, 0.7, 1), (16, 8, 0.76, 0), (224, 16, 0, 196),
  ])
  func `a ratio leaves what the original's does`(
    size: Int, patch: Int, ratio: Double, count: Int
  ) {
    let tower = VisionTransformer.Configuration(
      imageSize: size, patchSize: patch, width: 64, depth: 1)
    #expect(tower.keptPatchCount(maskRatio: ratio) == count)
  }
}
