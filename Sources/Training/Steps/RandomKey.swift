/// Keys of random streams, made from what a draw belongs to.
enum RandomKey {
  /// Mixes numbers so that neighbours have unrelated keys (the finalizer of SplitMix64, Steele et
  /// al. 2014, after each number).
  static func mixed(_ numbers: UInt64...) -> UInt64 {
    var key: UInt64 = 0
    for number in numbers {
      key &+= number &+ 0x9E37_79B9_7F4A_7C15
      key = (key ^ (key >> 30)) &* 0xBF58_476D_1CE4_E5B9
      key = (key ^ (key >> 27)) &* 0x94D0_49BB_1331_11EB
      key ^= key >> 31
    }
    return key
  }
}
