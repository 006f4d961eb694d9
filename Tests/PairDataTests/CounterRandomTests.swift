import Testing

@testable import PairData

@Suite struct CounterRandomTests {
  /// Known answers of the Random123 distribution (Salmon et al. 2011), philox4x32, 10 rounds.
  @Test func `Philox gives the published numbers`() {
    #expect(
      CounterRandom.philox(.zero, key: .zero)
        == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
    #expect(
      CounterRandom.philox(SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    #expect(
      CounterRandom.philox(
        SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
        key: SIMD2(0xA409_3822, 0x299F_31D0))
        == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  @Test func `every part of the key changes the numbers`() {
    let draw = { (seed: UInt64, purpose: CounterRandom.Purpose, epoch: Int, pair: Int) in
      var random = CounterRandom(seed: seed, purpose: purpose, epoch: epoch, pair: pair)
      return (0..<3).map { _ in random.next() }
    }
    let all = [
      draw(1, .caption, 0, 0), draw(2, .caption, 0, 0), draw(1 << 40, .caption, 0, 0),
      draw(1, .augmentation, 0, 0), draw(1, .caption, 1, 0), draw(1, .caption, 0, 1),
      draw(1, .caption, 0, 1 << 40),
    ]
    #expect(Set(all.joined()).count == all.count * 3)
    #expect(draw(1, .caption, 0, 0) == all[0])
  }
}
