/// One 512-byte header block of a tar archive, checked and taken apart.
///
/// Fields stand where POSIX.1-1988 (ustar) puts them; GNU and V7 archives share these places.
struct TarHeader {
  static let blockBytes = 512

  let name: [UInt8]
  let size: Int64
  let type: UInt8

  /// Reads a block of 512 bytes that is not all zero.
  init(block: [UInt8]) throws(TarFault) {
    try Self.verifyChecksum(of: block)
    size = try Self.number(block[124..<136], field: "size")
    type = block[156]
    let ownName = Self.text(block[0..<100])
    // GNU archives (magic `ustar` and two spaces) keep times where POSIX has a name's prefix.
    let isPOSIX = block[257..<263].elementsEqual([0x75, 0x73, 0x74, 0x61, 0x72, 0x00])
    let prefix = isPOSIX ? Self.text(block[345..<500]) : []
    name = prefix.isEmpty ? ownName : prefix + [UInt8(ascii: "/")] + ownName
  }

  /// A number in octal digits, or in base 256 where the first bit is set (GNU).
  static func number(
    _ field: ArraySlice<UInt8>, field label: String
  ) throws(TarFault) -> Int64 {
    guard let first = field.first else { return 0 }
    if first & 0x80 != 0 { return try binaryNumber(field, field: label) }
    var value: Int64 = 0
    var index = field.startIndex
    while index < field.endIndex, field[index] == 0x20 { index += 1 }
    while index < field.endIndex, field[index] != 0, field[index] != 0x20 {
      guard (0x30...0x37).contains(field[index]) else {
        throw TarFault.malformedNumber(field: label)
      }
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 8)
      guard !overflow else { throw TarFault.numberTooLarge(field: label) }
      value = scaled | Int64(field[index] - 0x30)
      index += 1
    }
    return value
  }

  private static func binaryNumber(
    _ field: ArraySlice<UInt8>, field label: String
  ) throws(TarFault) -> Int64 {
    guard field.first! & 0x40 == 0 else { throw TarFault.negativeNumber(field: label) }
    var value = Int64(field.first! & 0x3F)
    for byte in field.dropFirst() {
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 256)
      guard !overflow else { throw TarFault.numberTooLarge(field: label) }
      value = scaled | Int64(byte)
    }
    return value
  }

  /// The sum of all bytes with the checksum's own eight taken as spaces; old writers summed them
  /// as signed numbers, which POSIX asks readers to accept.
  private static func verifyChecksum(of block: [UInt8]) throws(TarFault) {
    let stored = try number(block[148..<156], field: "checksum")
    var (unsigned, signed) = (0, 0)
    for byte in block {
      unsigned += Int(byte)
      signed += Int(Int8(bitPattern: byte))
    }
    for byte in block[148..<156] {
      unsigned += 0x20 - Int(byte)
      signed += 0x20 - Int(Int8(bitPattern: byte))
    }
    guard stored == Int64(unsigned) || stored == Int64(signed) else {
      throw TarFault.checksum(stored: stored, computed: Int64(unsigned))
    }
  }

  /// The bytes before the first NUL.
  static func text(_ field: ArraySlice<UInt8>) -> [UInt8] {
    Array(field.prefix { $0 != 0 })
  }
}
