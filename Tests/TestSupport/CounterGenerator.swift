/// The counter-based generator that decides dropout, written from its definition.
///
/// Philox4x32 with 10 rounds; Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as
/// easy as 1, 2, 3". Devices lay out its words so that the word of `index` is number
/// `index / 16 % 4` of block `16 * (index / 64) + index % 16`.
public enum CounterGenerator {
  /// One block: four words from a counter of four words and a key of two.
  public static func block(
    counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
  ) -> [UInt32] {
    var (a, b, c, d) = counter
    var (first, second) = key
    for _ in 0..<10 {
      let left = UInt32(0xD251_1F53).multipliedFullWidth(by: a)
      let right = UInt32(0xCD9E_8D57).multipliedFullWidth(by: c)
      (a, b, c, d) = (right.high ^ b ^ first, right.low, left.high ^ d ^ second, left.low)
      first &+= 0x9E37_79B9
      second &+= 0xBB67_AE85
    }
    return [a, b, c, d]
  }

  /// The 32 bits that belong to this key, dropout site and element.
  public static func bits(key: UInt64, site: UInt32, index: UInt64) -> UInt32 {
    let number = index / 64 * 16 + index % 16
    let counter = (
      UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32), site, UInt32(0)
    )
    let halves = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
    return block(counter: counter, key: halves)[Int(index / 16 % 4)]
  }

  /// Whether inverted dropout keeps the element: its bits are not among the lowest `rate` share.
  public static func keeps(rate: Float, key: UInt64, site: UInt32, index: UInt64) -> Bool {
    bits(key: key, site: site, index: index) >= UInt32(Double(rate) * 4_294_967_296)
  }
}
