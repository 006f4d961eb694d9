internal import DurableFiles

/// A run of bytes in a file that tensors show parts of.
final class Storage {
  let file: OpenFile
  /// Where the bytes are.
  let range: Range<Int>
  /// How errors call it.
  let place: String
  /// The checksum that the file states; nothing where it states none.
  private let checksum: UInt32?
  private var isVerified = false

  static let pieceBytes = 1 << 20

  init(_ file: OpenFile, range: Range<Int>, place: String, checksum: UInt32?) {
    self.file = file
    self.range = range
    self.place = place
    self.checksum = checksum
  }

  /// Compares the bytes with their checksum, once, a piece at a time.
  func verify() throws(WeightFileError) {
    guard let checksum, !isVerified else { return }
    var sum = CRC32()
    try forEachPiece(of: range) { (bytes) throws(WeightFileError) in sum.update(bytes) }
    guard sum.value == checksum else {
      throw .malformed(
        place: place, found: "bytes whose checksum is \(String(sum.value, radix: 16))",
        expected: "\(String(checksum, radix: 16)), as the archive states")
    }
    isVerified = true
  }

  /// Hands over the bytes of a range of the file, front to back; all pieces but the last have
  /// ``pieceBytes`` bytes.
  func forEachPiece(
    of range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(WeightFileError) -> Void
  ) throws(WeightFileError) {
    var buffer = [UInt8](repeating: 0, count: min(range.count, Self.pieceBytes))
    var start = range.lowerBound
    while start < range.upperBound {
      let count = min(buffer.count, range.upperBound - start)
      try buffer.withUnsafeMutableBufferPointer { (bytes) throws(WeightFileError) in
        let piece = UnsafeMutableRawBufferPointer(
          UnsafeMutableBufferPointer(rebasing: bytes[..<count]))
        try file.fill(piece, at: start)
        try body(UnsafeRawBufferPointer(piece))
      }
      start += count
    }
  }
}
