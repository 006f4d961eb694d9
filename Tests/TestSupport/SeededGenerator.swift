/// SplitMix64 (Steele, Lea and Flood 2014): repeatable numbers for tests.
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) {
    state = seed
  }

  /// A generator of its own for each label, so that adding a draw moves no other value.
  public init(seed: UInt64, label: String) {
    // FNV-1a, because Swift's own hashes differ between runs.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
    for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    self.init(seed: hash)
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Floats, so that a device in Float32 is given the very same numbers.
  public mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1.5...1.5) -> [Float] {
    var floats: [Float] = []
    floats.reserveCapacity(count)
    for _ in 0..<count { floats.append(Float.random(in: range, using: &self)) }
    return floats
  }
}
