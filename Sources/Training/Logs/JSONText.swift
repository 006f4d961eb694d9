/// A JSON value to be written: members keep their order, numbers read back as they were.
public indirect enum JSONText: Sendable, Equatable {
  public typealias Member = (key: String, value: JSONText)

  case null
  case boolean(Bool)
  case integer(Int)
  /// JSON has no infinities: what is not finite is written as null.
  case number(Double)
  /// Written with the fewest digits that read back as the same Float.
  case single(Float)
  case text(String)
  case array([JSONText])
  case members([String], [JSONText])

  /// An object with its members in the order given.
  public static func object(_ members: [Member]) -> JSONText {
    .members(members.map(\.key), members.map(\.value))
  }

  /// The value on one line, blanks after colons and commas.
  public var line: String {
    var text = ""
    write(into: &text)
    return text
  }

  private func write(into text: inout String) {
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += value.isFinite ? PlainNumber.text(value) : "null"
    case .single(let value): text += value.isFinite ? PlainNumber.text(value) : "null"
    case .text(let value): JSONText.write(value, into: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += ", " }
        value.write(into: &text)
      }
      text += "]"
    case .members(let keys, let values):
      text += "{"
      for (index, (key, value)) in zip(keys, values).enumerated() {
        if index > 0 { text += ", " }
        JSONText.write(key, into: &text)
        text += ": "
        value.write(into: &text)
      }
      text += "}"
    }
  }

  /// Quotes, backslashes and control characters escaped; also line separators, so that a value
  /// stays on its line in every reader.
  private static func write(_ value: String, into text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _
      where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        || scalar.value == 0x2028 || scalar.value == 0x2029:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
