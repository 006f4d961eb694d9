internal import DurableFiles
internal import Glibc

/// The file form of a shard's index, little-endian:
///
///     8 bytes  "DUIQIIX" and the format's version, 1
///     56       stamp of the shard
///     8 + 8    number of pairs, number of key bytes
///     4 n      ends of the keys
///     24 n     members, six words a pair
///     k        key bytes
///     32       SHA-256 of all that stands before
enum ShardIndexFile {
  private static let magic = Array("DUIQIIX".utf8) + [1]
  private static let headBytes = 8 + 56 + 16
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
      pairs <= size / 28, keys <= size, size == headBytes + 28 * pairs + keys + digestBytes
    else { return nil }
    let word = { (index: Int) in UInt32(number(bytes, at: headBytes + 4 * index, bytes: 4)) }
    let keyStart = headBytes + 28 * pairs
    return PairTable(
      keyBytes: Array(bytes[keyStart..<(keyStart + keys)]),
      keyEnds: (0..<pairs).map(word),
      members: (pairs..<(7 * pairs)).map(word),
      shardBytes: stamp.status.bytes)
  }

  /// Keeps a table. Failing is no fault: the folder of the shards may be read-only or full.
  static func write(_ table: PairTable, stamp: ShardStamp, path: String) {
    var bytes = magic + stamp.bytes
    for count in [UInt64(table.count), UInt64(table.keyBytes.count)] {
      withUnsafeBytes(of: count.littleEndian) { bytes += $0 }
    }
    for word in table.keyEnds + table.members {
      withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
    }
    bytes += table.keyBytes
    bytes += ContentDigest(bytes).bytes
    try? AtomicFile.write(bytes, to: path)
  }

  private static func number(_ bytes: [UInt8], at offset: Int, bytes count: Int) -> UInt64 {
    bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
