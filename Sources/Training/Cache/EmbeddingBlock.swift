internal import DurableFiles

/// Embeddings of neighbouring pairs of a shard, computed together and kept together.
///
/// Which pairs these are follows from the shard alone: from a multiple of ``rowLimit`` on, so many
/// or as many as there are. A picture that cannot be read keeps its row, so that the others' are
/// computed in the same places whoever asks for them.
struct EmbeddingBlock: Equatable {
  /// Pairs of every block but a shard's last.
  static let rowLimit = 32
  private static let digestBytes = 32

  /// The SHA-256 of what each row was made of, end to end.
  let digests: [UInt8]
  let isReadable: [Bool]
  /// [pairs, width]; rows that are not readable are 0.
  let values: [Float]

  init(digests: [UInt8], isReadable: [Bool], values: [Float]) {
    self.digests = digests
    self.isReadable = isReadable
    let width = isReadable.isEmpty ? 0 : values.count / isReadable.count
    var values = values
    for (row, isGood) in isReadable.enumerated() where !isGood {
      for element in row * width..<(row + 1) * width { values[element] = 0 }
    }
    self.values = values
  }

  var count: Int { isReadable.count }

  /// The block's pairs in a shard of so many.
  static func rows(ofBlock number: Int, of rowCount: Int) -> Range<Int> {
    let start = number * rowLimit
    return start..<min(start + rowLimit, rowCount)
  }

  static func blockCount(of rowCount: Int) -> Int { (rowCount + rowLimit - 1) / rowLimit }

  /// What a block of so many pairs takes in a file, its checksum included.
  static func byteCount(rows: Int, width: Int) -> Int {
    rows * (1 + digestBytes + 4 * width) + digestBytes
  }

  /// - Parameters:
  ///   - number: the block's place in its file.
  ///   - key: the digest of the file's key; a block is good only there and in that place.
  func bytes(number: Int, key: [UInt8]) -> [UInt8] {
    var bytes = isReadable.map { $0 ? UInt8(1) : 0 } + digests
    bytes.reserveCapacity(bytes.count + 4 * values.count + Self.digestBytes)
    values.map(\.bitPattern.littleEndian).withUnsafeBytes { bytes += $0 }
    return bytes + Self.checksum(bytes[...], number: number, key: key)
  }

  /// - Returns: nil where the bytes are not what `bytes(number:key:)` gave for this place.
  init?(_ bytes: [UInt8], rows: Int, width: Int, number: Int, key: [UInt8]) {
    guard bytes.count == Self.byteCount(rows: rows, width: width) else { return nil }
    let end = bytes.count - Self.digestBytes
    guard Self.checksum(bytes[..<end], number: number, key: key).elementsEqual(bytes[end...]),
      bytes[..<rows].allSatisfy({ $0 <= 1 })
    else { return nil }
    isReadable = bytes[..<rows].map { $0 == 1 }
    let start = rows * (1 + Self.digestBytes)
    digests = Array(bytes[rows..<start])
    values = bytes.withUnsafeBytes { raw in
      (0..<rows * width).map { element in
        let word = raw.loadUnaligned(fromByteOffset: start + 4 * element, as: UInt32.self)
        return Float(bitPattern: UInt32(littleEndian: word))
      }
    }
  }

  private static func checksum(
    _ bytes: ArraySlice<UInt8>, number: Int, key: [UInt8]
  ) -> [UInt8] {
    var hash = SHA256()
    hash.update(key)
    withUnsafeBytes(of: UInt64(number).littleEndian) { hash.update($0) }
    bytes.withUnsafeBytes { hash.update($0) }
    return hash.finalize()
  }
}
