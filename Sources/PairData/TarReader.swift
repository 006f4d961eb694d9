/// Walks the members of an uncompressed tar archive by their headers, without reading their data.
///
/// Reads ustar, PAX (`path`, `size`), GNU long names and base-256 sizes, and V7. Checksums are
/// verified. An archive must end with two zero blocks: one that was cut at a member's border is an
/// error too, since nothing else would tell. PAX global headers are passed over.
///
///     var reader = try TarReader(path: "train-0000.tar")
///     while let member = try reader.next() { … member.name, member.offset, member.size … }
public struct TarReader {
  /// A member's name and where its data lies.
  public struct Member: Equatable, Sendable {
    /// The path as written in the archive; a name only, never used as a path on disk.
    public let name: String
    /// Byte offset of the first header that belongs to the member.
    public let headerOffset: Int64
    /// Byte offset of the data, a multiple of 512.
    public let offset: Int64
    /// Length of the data in bytes.
    public let size: Int64
    /// False for directories, links, devices and other things without contents.
    public let isRegular: Bool
  }

  /// An extended header larger than this is hostile: names end at 4,096 bytes on Linux.
  static let extendedHeaderLimit: Int64 = 1 << 20

  private let file: RandomAccessFile
  private let shard: String
  private var position: Int64 = 0
  private var block = [UInt8](repeating: 0, count: TarHeader.blockBytes)
  private var isAtEnd = false

  /// Opens an archive. - Throws: `fileFailure`, `compressedShard`.
  public init(path: String) throws(PairDataError) {
    try self.init(file: RandomAccessFile(path: path))
  }

  init(file: RandomAccessFile) throws(PairDataError) {
    self.file = file
    shard = file.path
    var start = [UInt8](repeating: 0, count: 6)
    _ = try file.read(into: &start, at: 0)
    if let format = Self.compression(ofFileStartingWith: start) {
      throw .compressedShard(shard: shard, format: format)
    }
  }

  /// The next member, or nil behind the last one. - Throws: `damagedShard`, `fileFailure`.
  public mutating func next() throws(PairDataError) -> Member? {
    var longName: [UInt8]?
    var records: PAXRecords?
    let start = position
    while !isAtEnd {
      guard let header = try nextHeader(isExtended: position > start) else { return nil }
      let dataOffset = position
      switch header.type {
      case UInt8(ascii: "L"):
        longName = TarHeader.text(try extendedHeader(header)[...])
      case UInt8(ascii: "x"), UInt8(ascii: "X"):
        let bytes = try extendedHeader(header)
        do {
          records = try PAXRecords(bytes)
        } catch {
          throw damage(error, member: nil, at: dataOffset)
        }
      case UInt8(ascii: "g"), UInt8(ascii: "K"):
        _ = try extendedHeader(header)
      default:
        return try member(header, longName: longName, records: records, start: start)
      }
    }
    return nil
  }

  /// Reads and checks the header at the current position and moves behind it.
  private mutating func nextHeader(isExtended: Bool) throws(PairDataError) -> TarHeader? {
    let offset = position
    try readBlock()
    if block.allSatisfy({ $0 == 0 }) {
      guard !isExtended else { throw damage(.danglingExtendedHeader, member: nil, at: offset) }
      try readBlock()
      guard block.allSatisfy({ $0 == 0 }) else {
        throw damage(.loneZeroBlock, member: nil, at: offset)
      }
      isAtEnd = true
      return nil
    }
    do {
      return try TarHeader(block: block)
    } catch {
      let name = String(decoding: TarHeader.text(block[0..<100]), as: UTF8.self)
      throw damage(error, member: name, at: offset)
    }
  }

  private mutating func readBlock() throws(PairDataError) {
    let count = try file.read(into: &block, at: position)
    guard count == block.count else {
      throw damage(count == 0 ? .missingEnd : .truncatedHeader, member: nil, at: position)
    }
    position += Int64(count)
  }

  /// Builds a member from its headers and moves behind its data.
  private mutating func member(
    _ header: TarHeader, longName: [UInt8]?, records: PAXRecords?, start: Int64
  ) throws(PairDataError) -> Member {
    let nameBytes = records?.path ?? longName ?? header.name
    let name = String(decoding: nameBytes, as: UTF8.self)
    if records?.isSparse == true || [0x53, 0x4D].contains(header.type) {  // GNU `S`, `M`
      let type = String(decoding: [header.type], as: UTF8.self)
      throw damage(.unsupportedMember(type: type), member: name, at: start)
    }
    // V7 archives mark a directory by a slash at the end of its name alone.
    let isFile = [0, UInt8(ascii: "0"), UInt8(ascii: "7")].contains(header.type)
    let isRegular = isFile && nameBytes.last != UInt8(ascii: "/")
    // Links, devices, directories and pipes (types 1 to 6) have no data, whatever their size says.
    let hasData = isFile || !(UInt8(ascii: "1")...UInt8(ascii: "6")).contains(header.type)
    let size = hasData ? records?.size ?? header.size : 0
    let offset = position
    position = try end(of: size, member: name)
    return Member(
      name: name, headerOffset: start, offset: offset, size: size, isRegular: isRegular)
  }

  private mutating func extendedHeader(_ header: TarHeader) throws(PairDataError) -> [UInt8] {
    guard header.size <= Self.extendedHeaderLimit else {
      throw damage(
        .extendedHeaderTooLarge(bytes: header.size, limit: Self.extendedHeaderLimit),
        member: nil, at: position)
    }
    let offset = position
    position = try end(of: header.size, member: nil)
    return try file.bytes(at: offset, count: Int(header.size))
  }

  /// The offset behind `size` bytes at the current position and their padding, inside the file.
  private func end(of size: Int64, member: String?) throws(PairDataError) -> Int64 {
    let (padded, first) = size.addingReportingOverflow(Int64(TarHeader.blockBytes - 1))
    let (end, second) = position.addingReportingOverflow(padded & ~Int64(TarHeader.blockBytes - 1))
    guard !first, !second else {
      throw damage(.numberTooLarge(field: "size"), member: member, at: position)
    }
    guard end <= file.status.bytes else {
      throw damage(
        .truncatedData(missing: end - file.status.bytes), member: member, at: position)
    }
    return end
  }

  private func damage(_ fault: TarFault, member: String?, at offset: Int64) -> PairDataError {
    .damagedShard(shard: shard, member: member, offset: offset, fault: fault)
  }

  /// The compression format that a file's first bytes announce, if any.
  private static func compression(ofFileStartingWith bytes: [UInt8]) -> String? {
    let magics: [(bytes: [UInt8], format: String)] = [
      ([0x1F, 0x8B], "gzip"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
      ([0x04, 0x22, 0x4D, 0x18], "lz4"), ([0x50, 0x4B, 0x03, 0x04], "zip"),
    ]
    // "BZh" alone could begin a member's name; what follows the block size could not.
    if bytes.starts(with: [0x42, 0x5A, 0x68]), bytes[4...].elementsEqual([0x31, 0x41]) {
      return "bzip2"
    }
    return magics.first { bytes.starts(with: $0.bytes) }?.format
  }
}
