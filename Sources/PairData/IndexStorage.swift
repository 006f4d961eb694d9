/// Where the index of a shard is kept once it was made.
public enum IndexStorage: Equatable, Sendable {
  /// Beside each shard of at least this many bytes, as `NAME.tar.index`.
  case besideShard(minimumBytes: Int64)
  /// Only in memory: nothing is written, every process walks the shards again.
  case memoryOnly

  /// Kept for shards of 64 MiB and more; smaller ones are walked in milliseconds.
  public static let standard = Self.besideShard(minimumBytes: 64 << 20)
}
