/// All pairs of several shards, numbered from 0 in the order of the shards and within them.
///
///     let pairs = try PairSet(patterns: ["data/train-*.tar"], folder: "/home/me/run")
///     pairs[17].key
public struct PairSet: Sendable {
  public let shards: [PairShard]
  /// The number of pairs, damaged ones included.
  public let count: Int
  /// The number of the first pair of each shard.
  private let starts: [Int]

  /// Finds and indexes shards. Patterns are relative to the folder (see `ShardPattern`).
  /// - Throws: what `ShardPattern.expand` and `PairShard` throw.
  public init(
    patterns: [String], folder: String, storage: IndexStorage = .standard
  ) throws(PairDataError) {
    var shards: [PairShard] = []
    for path in try ShardPattern.expand(patterns, relativeTo: folder) {
      shards.append(try PairShard(path: path, storage: storage))
    }
    self.init(shards: shards)
  }

  /// The pairs of shards that are already open, in this order.
  public init(shards: [PairShard]) {
    self.shards = shards
    var (starts, total) = ([Int](), 0)
    for shard in shards {
      starts.append(total)
      total += shard.count
    }
    self.starts = starts
    count = total
  }

  /// Members of all shards that are part of no pair.
  public var ignored: IgnoredMembers {
    shards.reduce(into: IgnoredMembers()) { all, shard in
      if all.count == 0 { all.first = shard.ignored.first }
      all.count += shard.ignored.count
    }
  }

  /// The pair with a number from 0 up to `count`.
  public subscript(index: Int) -> LocatedPair {
    precondition((0..<count).contains(index), "pair \(index) of \(count)")
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= index { low = middle } else { high = middle }
    }
    let shard = shards[low]
    let place = index - starts[low]
    return LocatedPair(
      index: index, shardIndex: low, shard: shard.path, key: shard.key(at: place),
      members: shard.members(at: place))
  }

  /// A SHA-256 over the shards' sizes, the pairs' keys and the places of their members, in
  /// hexadecimal; equal sets have equal ones wherever they lie. For noticing that data changed.
  public var fingerprint: String {
    var bytes: [UInt8] = []
    for shard in shards {
      withUnsafeBytes(of: shard.bytes.littleEndian) { bytes += $0 }
      for words in [shard.table.keyEnds, shard.table.members] {
        var part: [UInt8] = []
        for word in words { withUnsafeBytes(of: word.littleEndian) { part += $0 } }
        bytes += ContentDigest(part).bytes
      }
      bytes += ContentDigest(shard.table.keyBytes).bytes
    }
    return ContentDigest(bytes).hexadecimal
  }
}

/// A pair of a `PairSet`: its number, its shard and where its members lie.
public struct LocatedPair: Equatable, Sendable {
  public let index: Int
  /// The shard's place in the set.
  public let shardIndex: Int
  public let shard: String
  public let key: String
  public let members: PairMembers
}
