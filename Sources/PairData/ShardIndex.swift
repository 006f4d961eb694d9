/// Where the pairs of a shard lie, found by one walk over its headers, or read from beside it.
///
/// For a large shard the walk costs a seek per member, so its result is kept beside the shard as
/// `NAME.tar.index`. It is used again only while the shard's size, its time of change to the
/// nanosecond and the digest of its first and last blocks are what they were; otherwise, and when
/// the file is damaged or of another version, it is made anew without a word. A folder that cannot
/// be written keeps no index: the walk is then repeated by each process.
///
/// Writing beside data is right only where it pays: small shards (`IndexStorage.standard`) are
/// walked in milliseconds and leave their folder as it was.
enum ShardIndex {
  static let fileSuffix = ".tar.index"

  /// The index of a shard. - Throws: `fileFailure`, `compressedShard`, `damagedShard`.
  static func table(of file: RandomAccessFile, storage: IndexStorage) throws(PairDataError)
    -> PairTable
  {
    guard case .besideShard(let minimum) = storage, file.status.bytes >= minimum else {
      return try walk(file)
    }
    let stamp = try ShardStamp(file)
    let path = indexPath(of: file.path)
    if let kept = ShardIndexFile.read(path: path, expecting: stamp) { return kept }
    let table = try walk(file)
    ShardIndexFile.write(table, stamp: stamp, path: path)
    return table
  }

  static func indexPath(of shard: String) -> String {
    shard.hasSuffix(".tar") ? shard.dropLast(4) + fileSuffix : shard + fileSuffix
  }

  private static func walk(_ file: RandomAccessFile) throws(PairDataError) -> PairTable {
    var reader = try TarReader(file: file)
    var grouping = PairGrouping()
    var last: TarReader.Member?
    do {
      while let member = try reader.next() {
        last = member
        try grouping.add(member)
      }
      try grouping.close()
    } catch let fault as TarFault {
      throw .damagedShard(
        shard: file.path, member: last?.name, offset: last?.headerOffset ?? 0, fault: fault)
    } catch let error as PairDataError {
      throw error
    } catch {
      preconditionFailure("only these two kinds are thrown above, found \(error)")
    }
    return grouping.table
  }
}
