/// Tells code from comments and strings, in one pass over the bytes of a Swift or C file.
///
/// Both results have the length and the line feeds of the text, so places stay the same. It knows
/// what our sources use: nested comments, raw and multi-line strings, interpolations, backticks.
struct Masking {
  private enum Mode {
    case code(parentheses: Int)
    case lineComment
    case blockComment(depth: Int)
    case string(hashes: Int, quotes: Int)
    case quoted(by: UInt8)
  }

  private let text: [UInt8]
  private let isSwift: Bool
  private var modes: [Mode] = [.code(parentheses: 0)]
  private var position = 0

  private(set) var code: [UInt8]
  private(set) var comments: [UInt8]

  init(_ text: [UInt8], isSwift: Bool) {
    self.text = text
    self.isSwift = isSwift
    code = text.map { $0 == 0x0A ? 0x0A : 0x20 }
    comments = code
  }

  mutating func run() {
    while position < text.count {
      switch modes[modes.count - 1] {
      case .code(let parentheses): readCode(parentheses)
      case .lineComment: readLineComment()
      case .blockComment(let depth): readBlockComment(depth)
      case .string(let hashes, let quotes): readString(hashes, quotes)
      case .quoted(let quote): readQuoted(quote)
      }
    }
  }

  private mutating func readCode(_ parentheses: Int) {
    if starts("//") {
      modes.append(.lineComment)
    } else if starts("/*") {
      modes.append(.blockComment(depth: 0))
    } else if let (hashes, quotes) = openingQuotes() {
      modes.append(.string(hashes: hashes, quotes: quotes))
      keepCode(hashes + quotes)
    } else if let byte = text[position...].first, byte == (isSwift ? 0x60 : 0x27) {
      modes.append(.quoted(by: byte))
      keepCode(1)
    } else {
      let byte = text[position]
      if byte == 0x29 && parentheses == 0 && modes.count > 1 {
        // The closing parenthesis of an interpolation gives the string its turn again.
        modes.removeLast()
        position += 1
        return
      }
      if byte == 0x28 { modes[modes.count - 1] = .code(parentheses: parentheses + 1) }
      if byte == 0x29 { modes[modes.count - 1] = .code(parentheses: parentheses - 1) }
      keepCode(1)
    }
  }

  private mutating func readLineComment() {
    if text[position] == 0x0A {
      modes.removeLast()
      position += 1
    } else {
      keepComment(1)
    }
  }

  private mutating func readBlockComment(_ depth: Int) {
    if starts("*/") {
      keepComment(2)
      modes.removeLast()
      if depth > 1 { modes.append(.blockComment(depth: depth - 1)) }
    } else if starts("/*"), isSwift || depth == 0 {
      modes[modes.count - 1] = .blockComment(depth: depth + 1)
      keepComment(2)
    } else {
      keepComment(1)
    }
  }

  private mutating func readString(_ hashes: Int, _ quotes: Int) {
    let marks = String(repeating: "#", count: hashes)
    if starts(String(repeating: "\"", count: quotes) + marks) {
      modes.removeLast()
      keepCode(quotes + hashes)
    } else if isSwift && starts("\\" + marks + "(") {
      modes.append(.code(parentheses: 0))
      position += 2 + hashes
    } else if starts("\\" + marks) {
      position += 2 + hashes
    } else if text[position] == 0x0A && quotes == 1 {
      modes.removeLast()
    } else {
      position += 1
    }
  }

  private mutating func readQuoted(_ quote: UInt8) {
    if text[position] == quote || text[position] == 0x0A {
      modes.removeLast()
      keepCode(1)
    } else {
      position += text[position] == 0x5C ? 2 : 1
    }
  }

  /// How many hashes and quotes open a string here, if one opens.
  private func openingQuotes() -> (hashes: Int, quotes: Int)? {
    guard text[position] == 0x22 || (isSwift && text[position] == 0x23) else { return nil }
    let hashes = text[position...].prefix { $0 == 0x23 }.count
    let quotes = text[(position + hashes)...].prefix { $0 == 0x22 }.count
    guard quotes > 0 else { return nil }
    // Three quotes open a multi-line string only at the end of a line; `#"""#` is a quote.
    let rest = text[(position + hashes + quotes)...].drop { $0 == 0x20 }
    return (hashes, isSwift && quotes == 3 && rest.first == 0x0A ? 3 : 1)
  }

  private func starts(_ prefix: String) -> Bool {
    text[position...].starts(with: prefix.utf8)
  }

  private mutating func keepCode(_ count: Int) {
    for place in position..<min(position + count, text.count) { code[place] = text[place] }
    position += count
  }

  private mutating func keepComment(_ count: Int) {
    for place in position..<min(position + count, text.count) { comments[place] = text[place] }
    position += count
  }
}
