internal import DurableFiles
internal import Glibc

/// The file form of a shard's index, little-endian:
///
///     8 bytes  "DUIQIIX" and the format's version, 2
///     56       stamp of the shard
///     8 + 8    number of pairs, number of key bytes
///     8 + 8    number of members passed over, number of bytes of the first one's name
///     4 n      ends of the keys
///     24 n     members, six words a pair
///     k        key bytes
///     m        name of the first member passed over
///     32       SHA-256 of all that stands before
enum ShardIndexFile {
  private static let magic = Array("DUIQIIX".utf8) + [2]
  private static let headBytes = 8 + 56 + 32
  private static let digestBytes = 32

  /// The table kept in a file; nil when there is none, or it is damaged or of another shard.
  static func read(path: String, expecting stamp: ShardStamp) -> PairTable? {
    guard let file = try? RandomAccessFile(path: path),
      let size = Int(exactly: file.status.bytes), size >= headBytes + digestBytes,
      let bytes = try? file.bytes(at: 0, count: size),
      bytes.starts(with: magic), bytes[8..<64].elementsEqual(stamp.bytes),
      ContentDigest(Array(bytes.dropLast(digestBytes))).bytes.elementsEqual(
        bytes.suffix(digestBytes)),
      let pairs = Int(exactly: number(bytes, at: 64, bytes: 8)),
      let keys = Int(exactly: number(bytes, at: 72, bytes: 8)),
      let ignoredCount = Int(exactly: number(bytes, at: 80, bytes: 8)),
      let nameBytes = Int(exactly: number(bytes, at: 88, bytes: 8)),
      pairs <= size / 28, keys <= size, nameBytes <= size,
      size == headBytes + 28 * pairs + keys + nameBytes + digestBytes
    else { return nil }
    let word = { (index: Int) in UInt32(number(bytes, at: headBytes + 4 * index, bytes: 4)) }
    let keyStart = headBytes + 28 * pairs
    let nameStart = keyStart + keys
    let name = String(decoding: bytes[nameStart..<(nameStart + nameBytes)], as: UTF8.self)
    return PairTable(
      keyBytes: Array(bytes[keyStart..<(keyStart + keys)]),
      keyEnds: (0..<pairs).map(word),
      members: (pairs..<(7 * pairs)).map(word),
      ignored: IgnoredMembers(count: ignoredCount, first: name),
      shardBytes: stamp.status.bytes)
  }

  /// Keeps a table. Failing is no fault: the folder of the shards may be read-only or full.
  static func write(_ table: PairTable, stamp: ShardStamp, path: String) {
    var bytes = magic + stamp.bytes
    let counts = [
      table.count, table.keyBytes.count, table.ignored.count, table.ignored.first.utf8.count,
    ]
    for count in counts {
      withUnsafeBytes(of: UInt64(count).littleEndian) { bytes += $0 }
    }
    for word in table.keyEnds + table.members {
      withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
    }
    bytes += table.keyBytes
    bytes += table.ignored.first.utf8
    bytes += ContentDigest(bytes).bytes
    try? AtomicFile.write(bytes, to: path)
  }

  private static func number(_ bytes: [UInt8], at offset: Int, bytes count: Int) -> UInt64 {
    bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
