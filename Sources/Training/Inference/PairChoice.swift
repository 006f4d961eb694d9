/// Which pairs a command reads, and how many damaged ones it puts up with.
public struct PairChoice: Sendable {
  /// What commands put up with where nobody says otherwise.
  public static let usualDamageLimit = 0.01

  /// Patterns of shards, relative to the current folder.
  public var shards: [String]
  /// A caption selector; the checkpoint's own where there is none.
  public var captions: String?
  /// The largest share of damaged pairs, from 0 to 1.
  public var damageLimit: Double

  public init(
    shards: [String], captions: String? = nil, damageLimit: Double = usualDamageLimit
  ) {
    self.shards = shards
    self.captions = captions
    self.damageLimit = damageLimit
  }
}
