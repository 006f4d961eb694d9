/// Refuses, before any parser runs, what YAML has and recipes do without.
///
/// Aliases let 300 bytes grow into gigabytes, tags and anchors are silently dropped or applied, and
/// text over several lines hides mistakes of indentation. Where the YAML parser could see something
/// other than this scan does (quotes inside flowing text), the text is refused too, so that nothing
/// is hidden from it.
struct YAMLRestrictions {
  private let scalars: [Unicode.Scalar]
  private let source: String
  private var index = 0
  private var line = 1
  private var column = 1
  private var flowDepth = 0
  /// Whether a value or key may begin here.
  private var isTokenStart = true
  /// Whether an unquoted text is under way or ended the line before.
  private var isInPlainText = false
  /// Whether the last thing on this line was a quoted text.
  private var isAfterQuote = false

  /// - Throws: `refused` or `tooDeep` at the first place that breaks a rule.
  static func check(_ text: String, source: String) throws(RecipeError) {
    var scan = YAMLRestrictions(scalars: Array(text.unicodeScalars), source: source)
    while scan.index < scan.scalars.count { try scan.step() }
  }

  private init(scalars: [Unicode.Scalar], source: String) {
    self.scalars = scalars
    self.source = source
  }

  private mutating func step() throws(RecipeError) {
    let scalar = scalars[index]
    switch scalar {
    case "\n", "\r": startLine()
    case " ", "\t": advance()
    case "#" where isAfterBlank: skipLine()
    case "#" where isTokenStart || isAfterQuote || previous == "]" || previous == "}":
      throw refused("a comment without a blank before it", "Put a blank between them.")
    case "%" where column == 1:
      throw refused("a YAML directive", "Remove the line.")
    case "-" where column == 1 && hasMarker: for _ in 0..<3 { advance() }
    default:
      try checkCharacter(scalar)
      try isTokenStart ? startToken(scalar) : goOn(scalar)
    }
  }

  private mutating func startToken(_ scalar: Unicode.Scalar) throws(RecipeError) {
    if flowDepth > 0 && isInPlainText && !",]}:".unicodeScalars.contains(scalar) {
      throw refused("an unquoted text over several lines", "Put it on one line.")
    }
    switch scalar {
    case "&": throw refused("an anchor (`&`)", "Write the value out, or quote a text.")
    case "*": throw refused("an alias (`*`)", "Write the value out, or quote a pattern: \"**\".")
    case "!":
      throw refused("a tag (`!`)", "Types follow from the keys: remove it, or quote a text.")
    case "|", ">": throw refused("a block of text", "Write it on one line, in quotes.")
    case "\"", "'":
      guard mayOpenQuote else {
        throw refused("a quote without a blank before it", "Put a blank between them.")
      }
      try skipQuoted(scalar)
    case "-", "?", ":":
      if !isBeforeBlank && !(flowDepth > 0 && scalar != "-") { beginPlainText() }
      advance()
    default:
      if try !isFlowMark(scalar) { beginPlainText() }
      advance()
    }
  }

  private mutating func goOn(_ scalar: Unicode.Scalar) throws(RecipeError) {
    if scalar == ":" && (isBeforeBlank || flowDepth > 0 || isAfterQuote) {
      isTokenStart = true
      isInPlainText = false
    } else if flowDepth > 0 {
      if try !isFlowMark(scalar) { isAfterQuote = false }
    }
    advance()
  }

  /// Keeps count of brackets. - Returns: whether the character is one, or a comma between values.
  private mutating func isFlowMark(_ scalar: Unicode.Scalar) throws(RecipeError) -> Bool {
    switch scalar {
    case "[", "{":
      flowDepth += 1
      guard flowDepth <= RecipeReader.maximumDepth else { throw .tooDeep(place) }
      isTokenStart = true
    case "]", "}":
      flowDepth = max(0, flowDepth - 1)
      isTokenStart = false
    case "," where flowDepth > 0:
      isTokenStart = true
    default: return false
    }
    isInPlainText = false
    isAfterQuote = false
    return true
  }

  /// Passes a quoted text, which has to end on its line.
  private mutating func skipQuoted(_ quote: Unicode.Scalar) throws(RecipeError) {
    let start = place
    advance()
    while let scalar = current, scalar != "\n", scalar != "\r" {
      try checkCharacter(scalar)
      advance()
      if scalar == "\\" && quote == "\"" {
        if current != "\n" && current != "\r" && current != nil { advance() }
      } else if scalar == quote {
        if quote == "'" && current == "'" {
          advance()
        } else {
          isTokenStart = false
          isInPlainText = false
          isAfterQuote = true
          return
        }
      }
    }
    throw .refused(
      start, feature: "a quoted text without its end on the same line",
      advice: "Close the quote on its line.")
  }

  private func checkCharacter(_ scalar: Unicode.Scalar) throws(RecipeError) {
    let value = scalar.value
    let isControl = (value < 0x20 && value != 0x09) || (0x7F...0x9F).contains(value)
    guard isControl || [0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF].contains(value) else { return }
    throw refused(
      "the invisible character U+\(String(value, radix: 16, uppercase: true))", "Remove it.")
  }

  private mutating func beginPlainText() {
    isTokenStart = false
    isInPlainText = true
    isAfterQuote = false
  }

  private mutating func startLine() {
    if scalars[index] == "\r" && following == "\n" { index += 1 }
    index += 1
    line += 1
    column = 1
    isTokenStart = true
    isAfterQuote = false
    if flowDepth == 0 { isInPlainText = false }
  }

  private mutating func skipLine() {
    while let scalar = current, scalar != "\n", scalar != "\r" { advance() }
  }

  private mutating func advance() {
    index += 1
    column += 1
  }

  private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
  private var following: Unicode.Scalar? {
    index + 1 < scalars.count ? scalars[index + 1] : nil
  }
  private var isBeforeBlank: Bool {
    guard let next = following else { return true }
    return next == " " || next == "\t" || next == "\n" || next == "\r"
  }
  private var previous: Unicode.Scalar? { column > 1 ? scalars[index - 1] : nil }
  private var isAfterBlank: Bool { previous == nil || previous == " " || previous == "\t" }
  /// A quote inside a text is an ordinary character: where it could be either, it is neither.
  private var mayOpenQuote: Bool {
    isAfterBlank || previous == "[" || previous == "{" || previous == ","
      || (previous == ":" && isAfterQuote)
  }
  private var hasMarker: Bool { scalars[index...].prefix(3).allSatisfy { $0 == "-" } }
  private var place: RecipeError.Place {
    RecipeError.Place(source: source, line: line, column: column)
  }

  private func refused(_ feature: String, _ advice: String) -> RecipeError {
    .refused(place, feature: feature, advice: advice)
  }
}
