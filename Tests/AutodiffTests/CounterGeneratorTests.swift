import TestSupport
import Testing

@Suite struct CounterGeneratorTests {
  /// The known answers that the generator's authors publish with it (Random123, kat_vectors).
  @Test func `blocks are those of Philox4x32-10`() {
    #expect(
      CounterGenerator.block(counter: (0, 0, 0, 0), key: (0, 0)) == [
        0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8,
      ])
    let ones = UInt32.max
    #expect(
      CounterGenerator.block(counter: (ones, ones, ones, ones), key: (ones, ones)) == [
        0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd,
      ])
    #expect(
      CounterGenerator.block(
        counter: (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
        key: (0xa409_3822, 0x299f_31d0)) == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test func `dropout keeps the share that it should`() {
    let kept = (0..<20_000).filter {
      CounterGenerator.keeps(rate: 0.3, key: 11, site: 2, index: UInt64($0))
    }
    // Three standard deviations of a binomial count are 194.
    #expect(abs(kept.count - 14_000) < 194)
  }
}
