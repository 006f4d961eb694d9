/// Random numbers as a pure function of (seed, purpose, epoch, pair, draw): Philox 4x32-10.
///
/// No state is shared and none is saved: any task can draw for any pair, in any order, and gets
/// what an unbroken run with one task would. Two different purposes, epochs or pairs never share a
/// number. Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2,
/// 3", DOI 10.1145/2063384.2063405; the constants are the paper's.
struct CounterRandom: RandomNumberGenerator, Sendable {
  /// What is drawn for; a new purpose moves the draws of no other.
  enum Purpose: UInt8, Sendable {
    case shuffle = 1
    case caption = 2
    case augmentation = 3
    case view = 4
  }

  private let key: SIMD2<UInt32>
  private var counter: SIMD4<UInt32>
  private var spare: UInt64?

  /// - Parameter pair: the pair's number in its set (64 bits of the counter).
  init(seed: UInt64, purpose: Purpose, epoch: Int, pair: Int) {
    let pairBits = UInt64(bitPattern: Int64(pair))
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    // The first word counts blocks in its lower 24 bits: 2^25 draws for each pair and epoch.
    counter = SIMD4(
      UInt32(purpose.rawValue) << 24, UInt32(truncatingIfNeeded: epoch),
      UInt32(truncatingIfNeeded: pairBits), UInt32(truncatingIfNeeded: pairBits >> 32))
  }

  mutating func next() -> UInt64 {
    if let second = spare {
      spare = nil
      return second
    }
    let block = Self.philox(counter, key: key)
    precondition(counter.x & 0xFF_FFFF != 0xFF_FFFF, "a pair drew 2^25 numbers in one epoch")
    counter.x += 1
    spare = UInt64(block.w) << 32 | UInt64(block.z)
    return UInt64(block.y) << 32 | UInt64(block.x)
  }

  /// Ten rounds of the Philox 4x32 bijection of the counter.
  static func philox(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (word, key) = (counter, key)
    for _ in 0..<10 {
      let first = UInt64(word.x) * 0xD251_1F53
      let second = UInt64(word.z) * 0xCD9E_8D57
      word = SIMD4(
        UInt32(truncatingIfNeeded: second >> 32) ^ word.y ^ key.x,
        UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ word.w ^ key.y,
        UInt32(truncatingIfNeeded: first))
      key = SIMD2(key.x &+ 0x9E37_79B9, key.y &+ 0xBB67_AE85)
    }
    return word
  }
}
