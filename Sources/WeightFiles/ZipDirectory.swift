internal import DurableFiles

/// One file inside a zip archive, as the central directory has it and its own header confirms.
struct ZipMember {
  let name: String
  let isStored: Bool
  /// Nought where the writer left it out.
  let checksum: UInt32
  /// Where its own header begins.
  let headerOffset: Int
  /// Where its bytes are in the archive, compressed or not.
  let payload: Range<Int>
}

/// The members of a zip archive (PKWARE's APPNOTE 6.3, with zip64).
///
/// Sizes and checksums are the central directory's: torch.save leaves those of the local headers
/// empty. Members may neither overlap nor reach into the directory, and no name may stand twice or
/// lead out of a folder.
struct ZipDirectory {
  let members: [ZipMember]

  private static let directoryLimit = 64 << 20
  private static let memberLimit = 1 << 18

  init(_ file: OpenFile) throws(WeightFileError) {
    let end = try ZipEnd(file)
    let place = "\(file.path): zip directory"
    guard end.directory.count <= Self.directoryLimit else {
      throw .beyondLimit(
        place: place, found: "\(end.directory.count) bytes", limit: "\(Self.directoryLimit) bytes")
    }
    guard end.memberCount <= Self.memberLimit else {
      throw .beyondLimit(
        place: place, found: "\(end.memberCount) members", limit: "\(Self.memberLimit) members")
    }
    var reader = ByteReader(file, range: end.directory, place: place)
    var entries: [ZipEntry] = []
    for _ in 0..<end.memberCount { entries.append(try ZipEntry(&reader)) }
    guard reader.left == 0 else {
      throw reader.malformed("\(reader.left) bytes after the last member", expected: "none")
    }
    members = try Self.members(of: entries, in: file, before: end.directory.lowerBound)
    var names: Set<String> = []
    for member in members where !names.insert(member.name).inserted {
      throw .malformed(
        place: place, found: "the name `\(member.name)` a second time", expected: "each name once")
    }
  }

  /// In the order of the archive.
  private static func members(
    of entries: [ZipEntry], in file: OpenFile, before directory: Int
  ) throws(WeightFileError) -> [ZipMember] {
    var members: [ZipMember] = []
    var start = 0
    for entry in entries.sorted(by: { $0.headerOffset < $1.headerOffset }) {
      guard entry.headerOffset >= start else {
        throw .malformed(
          place: "\(file.path): \(entry.name)",
          found: "a member from byte \(entry.headerOffset) on, inside another one",
          expected: "members that do not overlap")
      }
      let member = try entry.member(in: file, before: directory)
      start = member.payload.upperBound
      members.append(member)
    }
    return members
  }
}

/// What a line of the central directory says.
struct ZipEntry {
  let name: String
  let method: UInt64
  let checksum: UInt32
  let byteCount: Int
  let headerOffset: Int
  private let nameBytes: [UInt8]

  private static let signature: UInt64 = 0x0201_4B50
  private static let localSignature: UInt64 = 0x0403_4B50
  private static let localHeaderBytes = 30
  private static let nameLimit = 4_096
  static let stored: UInt64 = 0
  private static let deflated: UInt64 = 8

  init(_ reader: inout ByteReader) throws(WeightFileError) {
    let start = reader.offset
    guard try reader.number(byteCount: 4) == Self.signature else {
      throw reader.malformed("no member", expected: "a member's entry", at: start)
    }
    try reader.skip(4)
    let flags = try reader.number(byteCount: 2)
    method = try reader.number(byteCount: 2)
    try reader.skip(4)
    checksum = UInt32(try reader.number(byteCount: 4))
    let compressed = try reader.number(byteCount: 4)
    let plain = try reader.number(byteCount: 4)
    let nameCount = Int(try reader.number(byteCount: 2))
    let extraCount = Int(try reader.number(byteCount: 2))
    let commentCount = Int(try reader.number(byteCount: 2))
    let disk = try reader.number(byteCount: 2)
    try reader.skip(6)
    let offset = try reader.number(byteCount: 4)
    nameBytes = try reader.bytes(nameCount)
    var sizes = ZipWideSizes(plain: plain, compressed: compressed, offset: offset)
    try sizes.widen(from: try reader.bytes(extraCount), reader: reader)
    try reader.skip(commentCount)

    guard let name = Self.safeName(nameBytes) else {
      throw reader.malformed(
        "a name that leads elsewhere or is no text", expected: "a path inside the archive",
        at: start)
    }
    let place = "\(reader.place), `\(name)`"
    guard flags & 0x2041 == 0 else {
      throw .unsupported(
        place: place, found: "encryption", remedy: "Decrypt it, or have it saved without.")
    }
    guard disk == 0 else {
      throw .unsupported(
        place: place, found: "part of a split archive", remedy: "Join the parts first.")
    }
    guard method == Self.stored || method == Self.deflated else {
      throw .unsupported(
        place: place, found: "compression method \(method)",
        remedy: "Load it with PyTorch and save it again.")
    }
    guard let byteCount = Int(exactly: sizes.compressed),
      let headerOffset = Int(exactly: sizes.offset)
    else { throw reader.malformed("sizes over 2^63", expected: "less", at: start) }
    guard method != Self.stored || sizes.plain == sizes.compressed else {
      throw reader.malformed(
        "\(sizes.compressed) stored bytes that stand for \(sizes.plain)",
        expected: "the same number", at: start)
    }
    self.name = name
    self.byteCount = byteCount
    self.headerOffset = headerOffset
  }

  /// The member whose own header says the same.
  func member(in file: OpenFile, before directory: Int) throws(WeightFileError) -> ZipMember {
    let place = "\(file.path): \(name)"
    guard headerOffset <= directory else {
      throw .malformed(
        place: place, found: "a member from byte \(headerOffset) on",
        expected: "one before the directory at \(directory)")
    }
    var reader = ByteReader(file, range: headerOffset..<directory, place: place)
    guard try reader.number(byteCount: 4) == Self.localSignature else {
      throw reader.malformed("no member", expected: "a member's header", at: 0)
    }
    try reader.skip(4)
    let localMethod = try reader.number(byteCount: 2)
    try reader.skip(16)
    let nameCount = Int(try reader.number(byteCount: 2))
    let extraCount = Int(try reader.number(byteCount: 2))
    guard localMethod == method, try reader.bytes(nameCount) == nameBytes else {
      throw reader.malformed(
        "another name or method than in the directory", expected: "the same", at: 0)
    }
    try reader.skip(extraCount)
    guard byteCount <= reader.left else {
      throw reader.malformed(
        "\(reader.left) bytes before the directory", expected: "\(byteCount) of the member")
    }
    let start = headerOffset + reader.offset
    return ZipMember(
      name: name, isStored: method == Self.stored, checksum: checksum, headerOffset: headerOffset,
      payload: start..<start + byteCount)
  }

  /// The name as text, if it stays inside the folder where the archive would be unpacked.
  private static func safeName(_ bytes: [UInt8]) -> String? {
    guard !bytes.isEmpty, bytes.count <= nameLimit, bytes.allSatisfy({ $0 >= 0x20 }),
      !bytes.contains(UInt8(ascii: "\\")),
      let name = String(validating: bytes, as: UTF8.self)
    else { return nil }
    let components = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    // A folder's own entry ends in a slash.
    let isSafe = components.enumerated().allSatisfy { index, component in
      component.isEmpty
        ? index > 0 && index == components.count - 1 : !component.elementsEqual("..".utf8)
    }
    return isSafe ? name : nil
  }
}

/// Sizes of 32 bits, replaced by those of the zip64 field where they are full.
struct ZipWideSizes {
  var plain: UInt64
  var compressed: UInt64
  var offset: UInt64

  private static let full: UInt64 = 0xFFFF_FFFF

  mutating func widen(from extra: [UInt8], reader: ByteReader) throws(WeightFileError) {
    var rest = extra[...]
    while rest.count >= 4 {
      let identifier = Int(rest.removeFirst()) | Int(rest.removeFirst()) << 8
      let count = Int(rest.removeFirst()) | Int(rest.removeFirst()) << 8
      guard count <= rest.count else {
        throw reader.malformed("an extra field that ends early", expected: "all of it")
      }
      if identifier == 1 {
        try widen(from: Array(rest.prefix(count)), reader)
        return
      }
      rest = rest.dropFirst(count)
    }
    guard plain != Self.full, compressed != Self.full, offset != Self.full else {
      throw reader.malformed("full 32-bit sizes", expected: "a zip64 field with the real ones")
    }
  }

  private mutating func widen(from field: [UInt8], _ reader: ByteReader) throws(WeightFileError) {
    var rest = field[...]
    for part in [\ZipWideSizes.plain, \.compressed, \.offset] where self[keyPath: part] == Self.full
    {
      guard rest.count >= 8 else {
        throw reader.malformed("a zip64 field that ends early", expected: "all sizes it stands for")
      }
      self[keyPath: part] = rest.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
      rest = rest.dropFirst(8)
    }
  }
}
