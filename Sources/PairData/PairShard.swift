/// One shard of pairs: an uncompressed WebDataset tar and the places of its pairs.
public struct PairShard: Sendable {
  public let path: String
  /// The shard's size when it was indexed.
  public let bytes: Int64
  let table: PairTable

  /// The number of pairs, damaged ones included.
  public var count: Int { table.count }

  /// Members that are part of no pair.
  public var ignored: IgnoredMembers { table.ignored }

  /// Indexes a shard, or takes the index kept beside it.
  /// - Throws: `fileFailure`, `compressedShard`, `damagedShard`, `emptyShard`.
  public init(path: String, storage: IndexStorage = .standard) throws(PairDataError) {
    let file = try RandomAccessFile(path: path)
    self.path = path
    bytes = file.status.bytes
    table = try ShardIndex.table(of: file, storage: storage)
    guard table.count > 0 else { throw .emptyShard(shard: path) }
  }

  /// The key that the members of a pair share.
  public func key(at index: Int) -> String { table.key(at: index) }

  /// Where the members of a pair lie.
  public func members(at index: Int) -> PairMembers { table.members(at: index) }

  /// Opens the shard for reading members. - Throws: `fileFailure`, `shardChanged`.
  func open() throws(PairDataError) -> RandomAccessFile {
    let file = try RandomAccessFile(path: path)
    guard file.status.bytes == bytes else {
      throw .shardChanged(shard: path, expectedBytes: bytes, foundBytes: file.status.bytes)
    }
    return file
  }
}
