/// A strict reader of JSON (RFC 8259) for small texts from anywhere, with limits.
///
/// Refused beside what the grammar refuses: names that repeat in an object, text that is not
/// UTF-8, halves of surrogate pairs, more than 64 levels. A byte order mark at the start is passed
/// over, since spreadsheet programs write one.
package struct JSONParser {
  package static let depthLimit = 64

  private let bytes: [UInt8]
  private var index = 0

  /// Reads one value and requires that nothing but space follows it.
  package static func parse(
    _ bytes: [UInt8], byteLimit: Int = 16 << 20
  ) throws(JSONFault) -> JSONValue {
    guard bytes.count <= byteLimit else {
      throw JSONFault(kind: .tooLarge(bytes: bytes.count, limit: byteLimit), offset: 0)
    }
    var parser = JSONParser(bytes: bytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { parser.index = 3 }
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.index == bytes.count else { throw parser.unexpected("the end") }
    return value
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private mutating func value(depth: Int) throws(JSONFault) -> JSONValue {
    guard depth < Self.depthLimit else { throw fault(.tooDeep(limit: Self.depthLimit)) }
    skipSpace()
    guard let first = current else { throw fault(.unexpectedEnd) }
    switch first {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .text(try string())
    case UInt8(ascii: "-"), 0x30...0x39: return .number(try number())
    case UInt8(ascii: "t"): return try literal("true", .boolean(true))
    case UInt8(ascii: "f"): return try literal("false", .boolean(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: throw unexpected("a value")
    }
  }

  private mutating func object(depth: Int) throws(JSONFault) -> JSONValue {
    index += 1
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    skipSpace()
    if take("}") { return .object([]) }
    while true {
      skipSpace()
      let start = index
      guard current == UInt8(ascii: "\"") else { throw unexpectedOrEnd("a name in quotes") }
      let name = try string()
      guard names.insert(name).inserted else {
        throw JSONFault(kind: .repeatedName(name), offset: start)
      }
      skipSpace()
      guard take(":") else { throw unexpectedOrEnd("a colon") }
      members.append(.init(name: name, value: try value(depth: depth + 1)))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw unexpectedOrEnd("a comma or a closing brace") }
    }
  }

  private mutating func array(depth: Int) throws(JSONFault) -> JSONValue {
    index += 1
    var values: [JSONValue] = []
    skipSpace()
    if take("]") { return .array([]) }
    while true {
      values.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(values) }
      guard take(",") else { throw unexpectedOrEnd("a comma or a closing bracket") }
    }
  }

  private mutating func literal(
    _ word: StaticString, _ value: JSONValue
  ) throws(JSONFault) -> JSONValue {
    for expected in "\(word)".utf8 {
      guard current == expected else { throw unexpectedOrEnd("`\(word)`") }
      index += 1
    }
    return value
  }

  private mutating func number() throws(JSONFault) -> String {
    let start = index
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  private mutating func digits() throws(JSONFault) {
    let start = index
    while let byte = current, (0x30...0x39).contains(byte) { index += 1 }
    guard index > start else { throw unexpectedOrEnd("a digit") }
  }

  private mutating func string() throws(JSONFault) -> String {
    let start = index
    index += 1
    var content: [UInt8] = []
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        index += 1
        guard let string = String(validating: content, as: UTF8.self) else {
          throw JSONFault(kind: .notUTF8, offset: start)
        }
        return string
      case UInt8(ascii: "\\"):
        try escape(into: &content)
      case 0..<0x20:
        throw unexpected("an escaped control character")
      default:
        content.append(byte)
        index += 1
      }
    }
    throw fault(.unexpectedEnd)
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONFault) {
    index += 1
    guard let letter = current else { throw fault(.unexpectedEnd) }
    index += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(letter)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      content.append(contentsOf: String(Character(try unicodeEscape())).utf8)
    default:
      index -= 1
      throw unexpected("an escape")
    }
  }

  /// The scalar of `\uXXXX`, or of two of them where the first is a high surrogate.
  private mutating func unicodeEscape() throws(JSONFault) -> Unicode.Scalar {
    let start = index - 2
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, take("\\"), take("u") else {
      throw JSONFault(kind: .loneSurrogate, offset: start)
    }
    let second = try hexadecimal()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { throw JSONFault(kind: .loneSurrogate, offset: start) }
    return scalar
  }

  private mutating func hexadecimal() throws(JSONFault) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current else { throw fault(.unexpectedEnd) }
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw unexpected("a hexadecimal digit")
      }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }

  private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard current == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = current, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { index += 1 }
  }

  private func fault(_ kind: JSONFault.Kind) -> JSONFault {
    JSONFault(kind: kind, offset: index)
  }

  private func unexpected(_ expected: String) -> JSONFault {
    fault(.unexpected(expected: expected))
  }

  private func unexpectedOrEnd(_ expected: String) -> JSONFault {
    current == nil ? fault(.unexpectedEnd) : unexpected(expected)
  }
}
