/// The records of a PAX extended header that change how the next member is read.
///
/// A record is `LENGTH KEY=VALUE` and a newline, where LENGTH counts the whole record
/// (POSIX.1-2001, pax, extended header).
struct PAXRecords {
  private(set) var path: [UInt8]?
  private(set) var size: Int64?
  private(set) var isSparse = false

  init(_ bytes: [UInt8]) throws(TarFault) {
    var start = 0
    while start < bytes.count, bytes[start] != 0 {
      let record = try Self.record(in: bytes, at: start)
      try take(key: record.key, value: record.value)
      start = record.end
    }
  }

  private mutating func take(
    key: ArraySlice<UInt8>, value: ArraySlice<UInt8>
  ) throws(TarFault) {
    switch String(decoding: key, as: UTF8.self) {
    case "path":
      path = TarHeader.text(value)
    case "size":
      guard !value.isEmpty, value.allSatisfy({ (0x30...0x39).contains($0) }) else {
        throw TarFault.malformedNumber(field: "PAX size")
      }
      guard let number = Int64(String(decoding: value, as: UTF8.self)) else {
        throw TarFault.numberTooLarge(field: "PAX size")
      }
      size = number
    case let name where name.hasPrefix("GNU.sparse."):
      isSparse = true
    default:
      break
    }
  }

  private static func record(
    in bytes: [UInt8], at start: Int
  ) throws(TarFault) -> (key: ArraySlice<UInt8>, value: ArraySlice<UInt8>, end: Int) {
    let malformed = TarFault.malformedExtendedHeader
    var index = start
    var length = 0
    while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
      // An extended header is at most a mebibyte, so eight digits are more than enough.
      guard index - start < 8 else { throw malformed }
      length = length * 10 + Int(bytes[index] - 0x30)
      index += 1
    }
    guard index > start, index < bytes.count, bytes[index] == 0x20 else { throw malformed }
    let end = start + length
    guard end <= bytes.count, end > index + 1, bytes[end - 1] == 0x0A else { throw malformed }
    let body = bytes[(index + 1)..<(end - 1)]
    guard let equals = body.firstIndex(of: UInt8(ascii: "=")) else { throw malformed }
    return (body[..<equals], body[(equals + 1)...], end)
  }
}
