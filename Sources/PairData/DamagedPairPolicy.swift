/// How many damaged pairs a run puts up with; they are skipped, named and counted until then.
///
/// The share is taken over all pairs of the set and counts a pair once however often it is met, so
/// it does not depend on where a run was interrupted, and a wholly broken set stops early.
public struct DamagedPairPolicy: Equatable, Sendable {
  /// The largest share of damaged pairs, from 0 to 1; the recipe's `damage_limit`.
  public let limit: Double

  public init(limit: Double = 0.01) {
    precondition((0...1).contains(limit), "a damage limit is a share from 0 to 1, not \(limit)")
    self.limit = limit
  }

  /// True when so many damaged pairs are more than the limit allows.
  ///
  /// Divided, not multiplied: 29 of 100 is 0.29 to the last bit, 0.29 times 100 is less than 29.
  func isExceeded(damaged: Int, of pairs: Int) -> Bool {
    Double(damaged) / Double(pairs) > limit
  }
}

/// The damaged pairs met so far, each once, in the order in which they were met.
public struct DamageLedger: Equatable, Sendable {
  public private(set) var pairs: [DamagedPair] = []
  private var known: Set<Int> = []
  /// Pairs that were read and are not damaged, a pair as often as it was read.
  private var readableCount = 0
  private let policy: DamagedPairPolicy
  private let pairCount: Int

  /// How many damaged pairs an error names.
  static let namedPairs = 10

  public init(policy: DamagedPairPolicy, pairCount: Int) {
    self.policy = policy
    self.pairCount = pairCount
  }

  /// Enters damaged pairs.
  ///
  /// - Parameter readable: how many others were read with them.
  /// - Returns: those that are new.
  /// - Throws: `tooManyDamagedPairs`; `missingCaptionField` where that is all the damage.
  @discardableResult
  public mutating func record(
    _ damaged: [DamagedPair], besides readable: Int = 0
  ) throws(PairDataError) -> [DamagedPair] {
    readableCount += readable
    let new = damaged.filter { known.insert($0.pair).inserted }
    pairs += new
    guard !policy.isExceeded(damaged: pairs.count, of: pairCount) else {
      if let error = missingField { throw error }
      throw .tooManyDamagedPairs(
        damaged: pairs.count, pairs: pairCount, limit: policy.limit,
        first: Array(pairs.prefix(Self.namedPairs)))
    }
    return new
  }

  /// What a wrong caption field looks like: every damaged pair lacks the same one.
  private var missingField: PairDataError? {
    var (names, fields) = (Set<String>(), [String]())
    for pair in pairs {
      guard case .missingField(let name, let found) = pair.reason else { return nil }
      names.insert(name)
      fields += found.filter { !fields.contains($0) }
    }
    guard let name = names.first, names.count == 1 else { return nil }
    return .missingCaptionField(
      name, damaged: pairs.count, read: min(pairs.count + readableCount, pairCount),
      pairs: pairCount, found: Array(fields.prefix(Self.namedPairs)))
  }
}
