/// A JSON text (RFC 8259) as a value; members keep their order and numbers their source text.
package indirect enum JSONValue: Equatable, Sendable {
  case null
  case boolean(Bool)
  /// The digits as written, since ids beyond 2^53 lose digits as a Double.
  case number(String)
  case text(String)
  case array([JSONValue])
  case object([Member])

  package struct Member: Equatable, Sendable {
    package let name: String
    package let value: JSONValue

    package init(name: String, value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// The member of an object with this name; nil for other values and unknown names.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The string that this value is, or nil.
  package var string: String? {
    guard case .text(let string) = self else { return nil }
    return string
  }

  /// The whole number that this value is, or nil where it has a fraction or exceeds 64 bits.
  package var integer: Int64? {
    guard case .number(let digits) = self else { return nil }
    return Int64(digits)
  }

  /// The value as one line of JSON; all text stays readable, only what must be escaped is.
  package var serialized: String {
    switch self {
    case .null: "null"
    case .boolean(let value): value ? "true" : "false"
    case .number(let digits): digits
    case .text(let string): Self.quoted(string)
    case .array(let values):
      "[" + values.map(\.serialized).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.map { Self.quoted($0.name) + ": " + $0.value.serialized }.joined(separator: ", ")
        + "}"
    }
  }

  private static func quoted(_ string: String) -> String {
    var result = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
