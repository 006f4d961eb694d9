/// All captions of one shard in order, and where each pair's are.
///
///     let captions = try await ShardCaptions(
///       shard, firstPair: 0, selector: .automatic, taskCount: 2)
///     captions.texts[captions.starts[7]..<captions.starts[8]]
public struct ShardCaptions: Sendable {
  /// See ``ShardStatus``.
  public let stamp: [UInt8]
  /// Those of one pair together.
  public let texts: [String]
  /// The number of each pair's first caption, and that of all; a damaged pair has none.
  public let starts: [Int]
  /// The pairs that have none because they cannot be used.
  public let damaged: [DamagedPair]

  /// - Parameter firstPair: the number of the shard's first pair in its set.
  /// - Throws: `fileFailure`, `shardChanged`, `cancelled`.
  public init(
    _ shard: PairShard, firstPair: Int, selector: CaptionSelector, taskCount: Int
  ) async throws(PairDataError) {
    stamp = ShardStatus.bytes(of: try shard.open().status)
    let pairs = PairSet(shards: [shard])
    let reader = MemberReader(pairs: pairs, selector: selector)
    let results = try await ParallelMap.run(0..<pairs.count, taskCount: taskCount) {
      index throws(PairDataError) in
      try reader.contents(of: pairs[index], readingImage: false).map(\.captions)
    }
    var (texts, starts, damaged) = ([String](), [0], [DamagedPair]())
    for (index, result) in results.enumerated() {
      switch result {
      case .success(let captions): texts += captions
      case .failure(let reason):
        damaged.append(
          DamagedPair(
            pair: firstPair + index, shard: shard.path, key: shard.key(at: index),
            byteOffset: shard.members(at: index).firstOffset, reason: reason))
      }
      starts.append(texts.count)
    }
    (self.texts, self.starts, self.damaged) = (texts, starts, damaged)
  }

  /// The SHA-256 of each caption's bytes, end to end.
  public var digests: [UInt8] { texts.flatMap { ContentDigest(Array($0.utf8)).bytes } }
}
