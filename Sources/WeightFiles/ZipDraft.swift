internal import DurableFiles

/// A zip archive of stored members whose bytes begin at multiples of 64, as torch.save writes them.
///
/// The directory is zip64, whatever its size, so that there is one form to test: offsets stand in
/// the extra field of each entry (PKWARE's APPNOTE 6.3, 4.5.3).
final class ZipDraft {
  private struct Entry {
    let name: [UInt8]
    let offset: Int
    let byteCount: Int
    var checksum: UInt32 = 0
  }

  static let alignment = 64
  /// A member has to say its size in 32 bits.
  static let memberLimit = 0xFFFF_FFFE
  private static let checksumOffset = 14
  /// UTF-8 names.
  private static let flags = 0x0800
  private static let version = 45
  /// The first of January 1980, before which zip has no dates: the same contents, the same bytes.
  private static let date = 0x0021

  private let file: AtomicFile
  private var offset = 0
  private var entries: [Entry] = []
  private var checksum = CRC32()
  private var missingCount = 0

  init(_ path: String) throws(FileError) {
    file = try AtomicFile(path)
  }

  /// Begins a member whose bytes come through ``write(_:)``.
  func begin(_ name: String, byteCount: Int) throws(FileError) {
    precondition(missingCount == 0 && byteCount <= Self.memberLimit, "\(name): \(byteCount) bytes")
    try finishMember()
    let entry = Entry(name: Array(name.utf8), offset: offset, byteCount: byteCount)
    let fixedCount = 30 + entry.name.count + 4
    let fill = (Self.alignment - (offset + fixedCount) % Self.alignment) % Self.alignment
    var header: [UInt8] = []
    header.append(0x0403_4B50, bytes: 4)
    for number in [Self.version, Self.flags, 0, 0, Self.date] { header.append(number, bytes: 2) }
    for number in [0, byteCount, byteCount] { header.append(number, bytes: 4) }
    header.append(entry.name.count, bytes: 2)
    header.append(4 + fill, bytes: 2)
    header += entry.name
    // The field that PyTorch itself fills gaps with.
    header += Array("FB".utf8)
    header.append(fill, bytes: 2)
    header += [UInt8](repeating: UInt8(ascii: "Z"), count: fill)
    try append(header)
    entries.append(entry)
    missingCount = byteCount
    checksum = CRC32()
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    precondition(bytes.count <= missingCount, "\(file.path): a member is larger than announced")
    checksum.update(bytes)
    try file.write(bytes)
    missingCount -= bytes.count
    offset += bytes.count
  }

  func add(_ name: String, _ bytes: [UInt8]) throws(FileError) {
    try begin(name, byteCount: bytes.count)
    try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in
      try write(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Writes the directory and puts the file under its name.
  func publish() throws(FileError) {
    precondition(missingCount == 0, "\(file.path): \(missingCount) announced bytes are missing")
    try finishMember()
    let start = offset
    for entry in entries { try append(Self.directoryEntry(entry)) }
    try append(end(directory: start..<offset))
    try file.publish()
  }

  /// Puts the checksum of the last member into its header, now that it is known.
  private func finishMember() throws(FileError) {
    guard !entries.isEmpty else { return }
    let last = entries.count - 1
    entries[last].checksum = checksum.value
    var bytes: [UInt8] = []
    bytes.append(Int(checksum.value), bytes: 4)
    try file.rewrite(bytes, at: entries[last].offset + Self.checksumOffset)
  }

  private func append(_ bytes: [UInt8]) throws(FileError) {
    try file.write(bytes)
    offset += bytes.count
  }

  private static func directoryEntry(_ entry: Entry) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(0x0201_4B50, bytes: 4)
    for number in [version, version, flags, 0, 0, date] { bytes.append(number, bytes: 2) }
    for number in [Int(entry.checksum), entry.byteCount, entry.byteCount] {
      bytes.append(number, bytes: 4)
    }
    // Name, extra field, comment, disk, attributes inside.
    for number in [entry.name.count, 12, 0, 0, 0] { bytes.append(number, bytes: 2) }
    for number in [0, 0xFFFF_FFFF] { bytes.append(number, bytes: 4) }
    bytes += entry.name
    for number in [1, 8] { bytes.append(number, bytes: 2) }
    bytes.append(entry.offset, bytes: 8)
    return bytes
  }

  private func end(directory: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(0x0606_4B50, bytes: 4)
    bytes.append(44, bytes: 8)
    for number in [Self.version, Self.version] { bytes.append(number, bytes: 2) }
    for number in [0, 0] { bytes.append(number, bytes: 4) }
    for number in [entries.count, entries.count, directory.count, directory.lowerBound] {
      bytes.append(number, bytes: 8)
    }
    bytes.append(0x0706_4B50, bytes: 4)
    bytes.append(0, bytes: 4)
    bytes.append(directory.upperBound, bytes: 8)
    bytes.append(1, bytes: 4)
    bytes.append(0x0605_4B50, bytes: 4)
    for number in [0, 0, 0xFFFF, 0xFFFF] { bytes.append(number, bytes: 2) }
    for number in [0xFFFF_FFFF, 0xFFFF_FFFF] { bytes.append(number, bytes: 4) }
    bytes.append(0, bytes: 2)
    return bytes
  }
}

extension [UInt8] {
  /// Appends the low bytes of a number, the lowest first.
  mutating func append(_ number: Int, bytes count: Int) {
    for index in 0..<count { append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
  }
}
