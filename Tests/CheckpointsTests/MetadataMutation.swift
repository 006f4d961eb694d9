import FileTestSupport

/// Changes bytes in an object header of an HDF5 file and makes its checksum right again.
///
/// Such a file passes the library's first checks, so its parsers see the changed bytes.
enum MetadataMutation {
  /// - Returns: the file with one to three bytes of one header changed, chosen by the seed.
  static func apply(to whole: [UInt8], seed: UInt64) -> [UInt8] {
    let headers = objectHeaders(in: whole)
    let choices = bitPatterns(8, seed: seed &+ 1)
    var bytes = whole
    let header = headers[Int(choices[0]) % headers.count]
    for index in 0...Int(choices[1] % 3) {
      let place = header.messages.lowerBound + Int(choices[2 + index]) % header.messages.count
      bytes[place] = UInt8(truncatingIfNeeded: choices[5 + index] >> 8)
    }
    let checksum = lookup3(bytes[header.start..<header.messages.upperBound])
    for index in 0..<4 {
      bytes[header.messages.upperBound + index] =
        UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(index)))
    }
    return bytes
  }

  /// Whether all checksums of the headers are what this file's functions make of them.
  static func recognizes(_ whole: [UInt8]) -> Bool {
    let headers = objectHeaders(in: whole)
    return !headers.isEmpty
      && headers.allSatisfy { header in
        let end = header.messages.upperBound
        let stated = (0..<4).reduce(UInt32(0)) { $0 | UInt32(whole[end + $1]) << (8 * UInt32($1)) }
        return stated == lookup3(whole[header.start..<end])
      }
  }

  /// Object headers of version 2: HDF5 File Format Specification 3.0, section IV.A.1.b.
  private static func objectHeaders(
    in bytes: [UInt8]
  ) -> [(start: Int, messages: Range<Int>)] {
    let signature = Array("OHDR".utf8) + [2]
    return (0..<(bytes.count - 64)).compactMap { start in
      guard bytes[start..<(start + 5)].elementsEqual(signature) else { return nil }
      let flags = bytes[start + 5]
      let sizeWidth = 1 << Int(flags & 3)
      let sizePlace = start + 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
      let size = (0..<sizeWidth).reduce(0) { $0 | Int(bytes[sizePlace + $1]) << (8 * $1) }
      let first = sizePlace + sizeWidth
      guard first + size + 4 <= bytes.count else { return nil }
      return (start, first..<(first + size))
    }
  }

  /// Bob Jenkins' hash `lookup3` (2006, public domain), which HDF5 takes for its metadata.
  private static func lookup3(_ key: ArraySlice<UInt8>) -> UInt32 {
    var rest = key
    let start = 0xDEAD_BEEF &+ UInt32(key.count)
    var (a, b, c) = (start, start, start)
    func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 {
      value << count | value >> (32 - count)
    }
    func word(_ index: Int) -> UInt32 {
      rest.dropFirst(4 * index).prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    while rest.count > 12 {
      (a, b, c) = (a &+ word(0), b &+ word(1), c &+ word(2))
      a = (a &- c) ^ rotated(c, 4)
      c = c &+ b
      b = (b &- a) ^ rotated(a, 6)
      a = a &+ c
      c = (c &- b) ^ rotated(b, 8)
      b = b &+ a
      a = (a &- c) ^ rotated(c, 16)
      c = c &+ b
      b = (b &- a) ^ rotated(a, 19)
      a = a &+ c
      c = (c &- b) ^ rotated(b, 4)
      b = b &+ a
      rest = rest.dropFirst(12)
    }
    guard !rest.isEmpty else { return c }
    (a, b, c) = (a &+ word(0), b &+ word(1), c &+ word(2))
    c = (c ^ b) &- rotated(b, 14)
    a = (a ^ c) &- rotated(c, 11)
    b = (b ^ a) &- rotated(a, 25)
    c = (c ^ b) &- rotated(b, 16)
    a = (a ^ c) &- rotated(c, 4)
    b = (b ^ a) &- rotated(a, 14)
    return (c ^ b) &- rotated(b, 24)
  }
}
