internal import DurableFiles
internal import PairData

/// How a cache file begins; docs/embedding-cache.md has the format for other programs.
///
/// Little-endian:
///
///     8   "DUIQIEM" and the format's version, 1
///     4   bytes of the key
///     4   rows of a block
///     8   rows of the shard: its pairs, or its captions
///     4   width of an embedding
///     48  stamp of the shard: size, times of change, inode
///     k   key, a JSON object in UTF-8
///     32  SHA-256 of all that stands before
struct EmbeddingFileHeader: Equatable {
  static let magic = Array("DUIQIEM".utf8)
  static let version: UInt8 = 1
  private static let fixedBytes = 28 + ShardStatus.byteCount
  private static let digestBytes = 32
  private static let keyLimit = 1 << 16
  private static let widthLimit = 1 << 20

  let key: EmbeddingKey
  let rowCount: Int
  let width: Int
  let stamp: [UInt8]

  var bytes: [UInt8] {
    var bytes = Self.magic + [Self.version]
    let text = Array(key.text.utf8)
    for number in [UInt32(text.count), UInt32(EmbeddingBlock.rowLimit)] {
      withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }
    withUnsafeBytes(of: UInt64(rowCount).littleEndian) { bytes += $0 }
    withUnsafeBytes(of: UInt32(width).littleEndian) { bytes += $0 }
    bytes += stamp + text
    return bytes + SHA256.digest(bytes)
  }

  var byteCount: Int { Self.fixedBytes + key.text.utf8.count + Self.digestBytes }

  var blockCount: Int { EmbeddingBlock.blockCount(of: rowCount) }

  /// Where a block lies in the file.
  func place(ofBlock number: Int) -> Range<Int> {
    let whole = EmbeddingBlock.byteCount(rows: EmbeddingBlock.rowLimit, width: width)
    let rows = EmbeddingBlock.rows(ofBlock: number, of: rowCount)
    let start = byteCount + number * whole
    return start..<start + EmbeddingBlock.byteCount(rows: rows.count, width: width)
  }

  /// Where the file ends when it is whole.
  var end: Int { blockCount == 0 ? byteCount : place(ofBlock: blockCount - 1).upperBound }

  init(key: EmbeddingKey, rowCount: Int, width: Int, stamp: [UInt8]) {
    self.key = key
    self.rowCount = rowCount
    self.width = width
    self.stamp = stamp
  }

  /// Reads and checks a header; no number of the file is trusted before it fits the file's size.
  ///
  /// - Throws: `FileError` for what is no header of this version, or a damaged one.
  init(_ file: OpenFile) throws(FileError) {
    func refusal(_ problem: String) -> FileError {
      FileError(.read, path: file.path, code: 0, problem: problem)
    }
    guard file.byteCount >= Self.fixedBytes + Self.digestBytes else {
      throw refusal("it has \(file.byteCount) bytes, fewer than a header of embeddings")
    }
    let start = try file.read(0..<Self.fixedBytes)
    guard start.starts(with: Self.magic) else {
      throw refusal("it does not begin as a file of embeddings does")
    }
    guard start[7] == Self.version else {
      throw refusal("its format has version \(start[7]), this program's has \(Self.version)")
    }
    let keyBytes = Self.number(start[8..<12])
    guard keyBytes <= Self.keyLimit,
      Self.fixedBytes + keyBytes + Self.digestBytes <= file.byteCount
    else { throw refusal("its header is damaged: a key of \(keyBytes) bytes") }
    let bytes = try file.read(0..<Self.fixedBytes + keyBytes + Self.digestBytes)
    let end = bytes.count - Self.digestBytes
    guard SHA256.digest(Array(bytes[..<end])).elementsEqual(bytes[end...]) else {
      throw refusal("its header is damaged: it does not have its checksum")
    }
    let (rowCount, width) = (Self.number(bytes[16..<24]), Self.number(bytes[24..<28]))
    guard Self.number(bytes[12..<16]) == EmbeddingBlock.rowLimit,
      (1...Self.widthLimit).contains(width), (0..<1 << 40).contains(rowCount)
    else { throw refusal("its header states sizes that no file of embeddings has") }
    self.init(
      key: EmbeddingKey(text: String(decoding: bytes[Self.fixedBytes..<end], as: UTF8.self)),
      rowCount: rowCount, width: width, stamp: Array(bytes[28..<Self.fixedBytes]))
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
    Int(truncatingIfNeeded: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }
}
