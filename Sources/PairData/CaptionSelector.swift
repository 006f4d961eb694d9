internal import StrictJSON

/// Which texts of a pair are its captions: the text member, or a field of its JSON member.
///
///     try CaptionSelector("txt")       // the text member: one caption, or one a line
///     try CaptionSelector("zh")        // all strings of the JSON field `zh`
///     try CaptionSelector("zh:first")  // only the first of them
public enum CaptionSelector: Hashable, Sendable {
  /// Nothing was said: the text member where there is one, else the JSON field `captions`.
  case automatic
  /// The text member, a caption a line.
  case text
  /// A JSON field that is a string or a list of strings.
  case field(name: String, firstOnly: Bool)

  /// Reads a selector from a recipe or a command line. - Throws: `invalidCaptionSelector`.
  public init(_ text: String) throws(PairDataError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard let name = parts.first, !name.isEmpty, parts.count <= 2,
      parts.count == 1 || parts[1] == "first",
      name.unicodeScalars.allSatisfy({ !$0.properties.isWhitespace }),
      parts.count == 1 || name != "txt"
    else { throw .invalidCaptionSelector(text) }
    self = name == "txt" ? .text : .field(name: String(name), firstOnly: parts.count == 2)
  }
}

extension CaptionSelector: CustomStringConvertible {
  /// The selector as it would be written in a recipe; `automatic` is what a recipe leaves out.
  public var description: String {
    switch self {
    case .automatic: "automatic"
    case .text: "txt"
    case .field(let name, let firstOnly): firstOnly ? "\(name):first" : name
    }
  }
}

extension CaptionSelector {
  /// The captions among a pair's text and JSON members, trimmed, blank ones left out.
  ///
  /// - Returns: at least one caption. - Throws: the damage that leaves the pair without any.
  func captions(
    text: [UInt8]?, json: [UInt8]?
  ) throws(DamagedPair.Reason) -> [String] {
    switch self {
    case .automatic:
      if text != nil { return try Self.text.captions(text: text, json: json) }
      return try Self.field(name: "captions", firstOnly: false).captions(text: text, json: json)
    case .text:
      guard let text else {
        guard let json else { throw .missingCaption }
        throw .missingField("txt", found: Self.fields(of: try Self.object(json)))
      }
      return try Self.lines(of: text)
    case .field(let name, let firstOnly):
      guard let json else {
        guard text != nil else { throw .missingCaption }
        throw .missingField(name, found: ["txt"])
      }
      return try Self.strings(
        of: name, in: try Self.object(json), firstOnly: firstOnly, besides: text)
    }
  }

  private static func object(_ bytes: [UInt8]) throws(DamagedPair.Reason) -> JSONValue {
    do {
      return try JSONParser.parse(bytes)
    } catch {
      throw .malformedJSON(error)
    }
  }

  /// Names of some fields that are text or lists of texts, in order.
  private static func fields(of object: JSONValue) -> [String] {
    guard case .object(let members) = object else { return [] }
    return Array(
      members.filter { member in
        switch member.value {
        case .text: true
        case .array(let values): !values.isEmpty && values.allSatisfy { $0.string != nil }
        default: false
        }
      }.map(\.name).prefix(8))
  }

  private static func lines(of bytes: [UInt8]) throws(DamagedPair.Reason) -> [String] {
    let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    var captions: [String] = []
    // Bytes, not characters: a carriage return and a line feed are one Character in Swift.
    for line in content.split(separator: 0x0A) {
      guard let caption = String(validating: line, as: UTF8.self) else { throw .captionNotUTF8 }
      captions.append(trimmed(caption))
    }
    return try withoutBlanks(captions)
  }

  private static func strings(
    of name: String, in object: JSONValue, firstOnly: Bool, besides text: [UInt8]?
  ) throws(DamagedPair.Reason) -> [String] {
    var captions: [String] = []
    switch object[name] {
    case .text(let caption):
      captions = [trimmed(caption)]
    case .array(let values):
      for value in values {
        guard let caption = value.string else { throw .fieldNotText(name) }
        captions.append(trimmed(caption))
      }
    case nil:
      throw .missingField(name, found: (text == nil ? [] : ["txt"]) + fields(of: object))
    default:
      throw .fieldNotText(name)
    }
    return try withoutBlanks(firstOnly ? Array(captions.prefix(1)) : captions)
  }

  private static func withoutBlanks(
    _ captions: [String]
  ) throws(DamagedPair.Reason) -> [String] {
    let kept = captions.filter { !$0.isEmpty }
    guard !kept.isEmpty else { throw .emptyCaption }
    return kept
  }

  static func trimmed(_ caption: String) -> String {
    let scalars = caption.unicodeScalars
    let isInk = { (scalar: Unicode.Scalar) in !scalar.properties.isWhitespace }
    guard let first = scalars.firstIndex(where: isInk),
      let last = scalars.lastIndex(where: isInk)
    else { return "" }
    return String(scalars[first...last])
  }
}
