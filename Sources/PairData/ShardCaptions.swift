/// All captions of one shard in order, and where each pair's are.
///
///     let captions = try await ShardCaptions(shard, selector: .automatic, taskCount: 2)
///     captions.texts[captions.starts[7]..<captions.starts[8]]
public struct ShardCaptions: Sendable {
  /// See ``ShardStatus``.
  public let stamp: [UInt8]
  /// Those of one pair together.
  public let texts: [String]
  /// The number of each pair's first caption, and that of all; a damaged pair has none.
  public let starts: [Int]

  /// - Throws: `fileFailure`, `shardChanged`, `cancelled`.
  public init(
    _ shard: PairShard, selector: CaptionSelector, taskCount: Int
  ) async throws(PairDataError) {
    stamp = ShardStatus.bytes(of: try shard.open().status)
    let pairs = PairSet(shards: [shard])
    let reader = MemberReader(pairs: pairs, selector: selector)
    let lists = try await ParallelMap.run(0..<pairs.count, taskCount: taskCount) {
      index throws(PairDataError) -> [String] in
      switch try reader.contents(of: pairs[index], readingImage: false) {
      case .success(let contents): contents.captions
      case .failure: []
      }
    }
    texts = lists.flatMap { $0 }
    starts = lists.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
  }

  /// The SHA-256 of each caption's bytes, end to end.
  public var digests: [UInt8] { texts.flatMap { ContentDigest(Array($0.utf8)).bytes } }
}
