/// The order of an epoch: a permutation of `count` pairs computed from (seed, epoch), not stored.
///
/// Any position is computed by itself in O(log count) time and memory, so a run resumes anywhere,
/// exactly. The permutation is the swap-or-not shuffle: in each round x and its mirror image
/// (k - x) mod count, k random for the round, are swapped or not by one random bit that both share.
/// It works on any count without trial and error. Source: Hoang, Morris and Rogaway 2012, "An
/// enciphering scheme based on a card shuffle", arXiv:1208.1176, figure 1; 6 log2(count) + 24
/// rounds, more than the bound of its theorem 2 asks for statistics.
public struct ShuffleOrder: Sendable {
  /// The number of pairs, at least one.
  public let count: Int

  private struct Round: Sendable {
    let mirror: UInt64
    let bits: UInt64
  }

  /// Empty where the pairs keep their own order.
  private let rounds: [Round]

  /// The random order of one epoch.
  public init(count: Int, seed: UInt64, epoch: Int) {
    precondition(count > 0, "an order needs pairs, found \(count)")
    self.count = count
    var random = CounterRandom(seed: seed, purpose: .shuffle, epoch: epoch, pair: 0)
    let bitCount = Int.bitWidth - count.leadingZeroBitCount
    rounds = (0..<(6 * bitCount + 24)).map { _ in
      Round(mirror: UInt64.random(in: 0..<UInt64(count), using: &random), bits: random.next())
    }
  }

  /// The pairs in their own order, every epoch.
  public init(sequential count: Int) {
    precondition(count > 0, "an order needs pairs, found \(count)")
    self.count = count
    rounds = []
  }

  /// The number of the pair at a position of the epoch, both from 0 up to `count`.
  public subscript(position: Int) -> Int {
    precondition((0..<count).contains(position), "position \(position) of \(count)")
    let size = UInt64(count)
    var place = UInt64(position)
    for round in rounds {
      let image = round.mirror >= place ? round.mirror - place : round.mirror + size - place
      if Self.bit(max(place, image), key: round.bits) { place = image }
    }
    return Int(place)
  }

  /// One random bit for (key, value): the finalizer of SplitMix64 (Steele, Lea and Flood 2014,
  /// DOI 10.1145/2660193.2660195), run twice.
  private static func bit(_ value: UInt64, key: UInt64) -> Bool {
    var mixed = value &* 0x9E37_79B9_7F4A_7C15 &+ key
    for _ in 0..<2 {
      mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
      mixed ^= mixed >> 31
    }
    return mixed & 1 == 1
  }
}
