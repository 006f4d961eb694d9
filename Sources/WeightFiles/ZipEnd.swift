internal import DurableFiles

/// The records at the end of a zip archive, which say where its directory is.
struct ZipEnd {
  let directory: Range<Int>
  let memberCount: Int

  private static let byteCount = 22
  private static let commentLimit = 0xFFFF
  private static let wideByteCount = 56
  private static let locatorByteCount = 20

  private struct Facts {
    let disks: UInt64
    let memberCount: UInt64
    let directoryBytes: UInt64
    let directoryOffset: UInt64
    /// The directory ends here at the latest.
    let recordOffset: Int
  }

  init(_ file: OpenFile) throws(WeightFileError) {
    let place = "\(file.path): zip end"
    let offset = try Self.recordOffset(file, place: place)
    var facts = try Self.narrow(file, at: offset, place: place)
    if let wide = try Self.wide(file, before: offset, place: place) { facts = wide }
    guard facts.disks == 0 else {
      throw .unsupported(
        place: place, found: "part of a split archive", remedy: "Join the parts first.")
    }
    guard let start = Int(exactly: facts.directoryOffset),
      let count = Int(exactly: facts.directoryBytes),
      let memberCount = Int(exactly: facts.memberCount),
      start <= facts.recordOffset, count <= facts.recordOffset - start
    else {
      throw .malformed(
        place: place,
        found: "a directory of \(facts.directoryBytes) bytes from \(facts.directoryOffset) on",
        expected: "one before byte \(facts.recordOffset)")
    }
    directory = start..<start + count
    self.memberCount = memberCount
  }

  /// The last place where a record with a comment up to the end of the file can be.
  private static func recordOffset(
    _ file: OpenFile, place: String
  ) throws(WeightFileError) -> Int {
    let count = min(file.byteCount, byteCount + commentLimit)
    let tail = try file.bytes(file.byteCount - count..<file.byteCount)
    for start in stride(from: count - byteCount, through: 0, by: -1)
    where tail[start] == 0x50 && tail[start + 1] == 0x4B && tail[start + 2] == 5
      && tail[start + 3] == 6
    {
      let commentCount = Int(tail[start + 20]) | Int(tail[start + 21]) << 8
      if start + byteCount + commentCount == count { return file.byteCount - count + start }
    }
    throw .malformed(
      place: place, found: "no end record in the last \(count) bytes",
      expected: "one: a file that was copied whole has it")
  }

  private static func narrow(
    _ file: OpenFile, at offset: Int, place: String
  ) throws(WeightFileError) -> Facts {
    var reader = ByteReader(file, range: offset..<offset + byteCount, place: place)
    try reader.skip(4)
    let disks = try reader.number(byteCount: 2) | reader.number(byteCount: 2)
    let here = try reader.number(byteCount: 2)
    let memberCount = try reader.number(byteCount: 2)
    let directoryBytes = try reader.number(byteCount: 4)
    let directoryOffset = try reader.number(byteCount: 4)
    return Facts(
      disks: disks | (here ^ memberCount), memberCount: memberCount,
      directoryBytes: directoryBytes, directoryOffset: directoryOffset, recordOffset: offset)
  }

  /// The zip64 record, where its locator stands before the end record.
  private static func wide(
    _ file: OpenFile, before offset: Int, place: String
  ) throws(WeightFileError) -> Facts? {
    let locatorOffset = offset - locatorByteCount
    guard locatorOffset >= 0 else { return nil }
    var locator = ByteReader(file, range: locatorOffset..<offset, place: place)
    guard try locator.number(byteCount: 4) == 0x0706_4B50 else { return nil }
    try locator.skip(4)
    let recordOffset = try locator.number(byteCount: 8)
    guard locatorOffset >= wideByteCount, recordOffset <= UInt64(locatorOffset - wideByteCount)
    else {
      throw locator.malformed(
        "a zip64 record at \(recordOffset)", expected: "one before byte \(locatorOffset)")
    }
    let start = Int(recordOffset)
    var reader = ByteReader(file, range: start..<start + wideByteCount, place: place)
    guard try reader.number(byteCount: 4) == 0x0606_4B50 else {
      throw reader.malformed("no zip64 record", expected: "one", at: 0)
    }
    try reader.skip(12)
    let disks = try reader.number(byteCount: 4) | reader.number(byteCount: 4)
    let here = try reader.number(byteCount: 8)
    let memberCount = try reader.number(byteCount: 8)
    let directoryBytes = try reader.number(byteCount: 8)
    let directoryOffset = try reader.number(byteCount: 8)
    return Facts(
      disks: disks | (here ^ memberCount), memberCount: memberCount,
      directoryBytes: directoryBytes, directoryOffset: directoryOffset, recordOffset: start)
  }
}
