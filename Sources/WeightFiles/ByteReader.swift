internal import DurableFiles

/// Reads a range of a file front to back, some kilobytes at a time.
///
/// It never asks the system for more bytes than the range has left, so what a hostile length field
/// claims costs nothing.
struct ByteReader {
  /// The file and the part of it, as errors name it.
  let place: String
  /// Where the next byte is, from the start of the range.
  private(set) var offset = 0

  private static let pieceBytes = 64 << 10
  private let file: OpenFile
  private let range: Range<Int>
  private var piece: [UInt8] = []
  private var pieceOffset = 0

  /// - Parameter range: inside the file.
  init(_ file: OpenFile, range: Range<Int>, place: String) {
    precondition(range.lowerBound >= 0 && range.upperBound <= file.byteCount, "\(range)")
    self.file = file
    self.range = range
    self.place = place
  }

  var left: Int { range.count - offset }

  mutating func byte() throws(WeightFileError) -> UInt8 {
    try fill(1)
    defer { offset += 1 }
    return piece[offset - pieceOffset]
  }

  mutating func bytes(_ count: Int) throws(WeightFileError) -> [UInt8] {
    guard count >= 0, count <= left else { throw endsEarly(wanting: count) }
    if count > Self.pieceBytes {
      let start = range.lowerBound + offset
      let all = try file.bytes(start..<start + count)
      offset += count
      return all
    }
    try fill(count)
    defer { offset += count }
    return Array(piece[offset - pieceOffset..<offset - pieceOffset + count])
  }

  mutating func skip(_ count: Int) throws(WeightFileError) {
    guard count >= 0, count <= left else { throw endsEarly(wanting: count) }
    offset += count
  }

  /// A little-endian number of so many bytes, eight at most.
  mutating func number(byteCount: Int) throws(WeightFileError) -> UInt64 {
    try bytes(byteCount).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A length field. - Throws: ``WeightFileError`` for more than the range has left.
  mutating func length(byteCount: Int) throws(WeightFileError) -> Int {
    let start = offset
    let length = try number(byteCount: byteCount)
    guard length <= UInt64(left) else {
      throw malformed(
        "a length of \(length) bytes", expected: "at most the \(left) bytes that are left",
        at: start)
    }
    return Int(length)
  }

  /// The bytes up to a line feed, which is passed over.
  mutating func line(limit: Int) throws(WeightFileError) -> [UInt8] {
    let start = offset
    var line: [UInt8] = []
    while true {
      let byte = try byte()
      if byte == UInt8(ascii: "\n") { return line }
      guard line.count < limit else {
        throw malformed("a line of over \(limit) bytes", expected: "a shorter one", at: start)
      }
      line.append(byte)
    }
  }

  func malformed(_ found: String, expected: String, at start: Int? = nil) -> WeightFileError {
    .malformed(place: "\(place), byte \(start ?? offset)", found: found, expected: expected)
  }

  private func endsEarly(wanting count: Int) -> WeightFileError {
    malformed("\(left) bytes before the end", expected: "\(count) more")
  }

  /// Makes sure that the next bytes, a piece at most, are in memory.
  private mutating func fill(_ count: Int) throws(WeightFileError) {
    let have = pieceOffset + piece.count - offset
    if offset >= pieceOffset, have >= count { return }
    guard count <= left else { throw endsEarly(wanting: count) }
    let start = range.lowerBound + offset
    piece = try file.bytes(start..<start + min(left, Self.pieceBytes))
    pieceOffset = offset
  }
}

extension OpenFile {
  /// Bytes of a range that lies inside the file.
  func bytes(_ range: Range<Int>) throws(WeightFileError) -> [UInt8] {
    do throws(FileError) {
      return try read(range)
    } catch {
      throw .file(error)
    }
  }

  /// Fills a buffer from an offset on.
  func fill(_ target: UnsafeMutableRawBufferPointer, at offset: Int) throws(WeightFileError) {
    do throws(FileError) {
      try read(into: target, at: offset)
    } catch {
      throw .file(error)
    }
  }
}
