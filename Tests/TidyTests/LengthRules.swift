/// How long files, lines and functions may be.
enum LengthRules {
  static let maximumFileLines = 400
  static let maximumFunctionLines = 60
  static let maximumColumns = 100

  static func longFile(_ file: SourceFile) -> [Finding] {
    guard file.lines.count > maximumFileLines else { return [] }
    return [file.finding(maximumFileLines, "the file has \(file.lines.count) lines")]
  }

  static func longLines(_ file: SourceFile) -> [Finding] {
    file.lines.enumerated().compactMap { index, line in
      // Bytes are cheap to count and never fewer than characters.
      guard line.utf8.count > maximumColumns, line.count > maximumColumns else { return nil }
      return file.finding(index, "the line has \(line.count) columns")
    }
  }

  static func longFunctions(_ file: SourceFile) -> [Finding] {
    functions(in: file).compactMap { lines in
      guard lines.count > maximumFunctionLines else { return nil }
      return file.finding(lines.lowerBound, "the function has \(lines.count) lines")
    }
  }

  /// From the line of each function's name to the line of its closing brace.
  static func functions(in file: SourceFile) -> [ClosedRange<Int>] {
    var scanner = FunctionScanner(isSwift: file.language == .swift)
    for (index, line) in file.code.enumerated() { scanner.read(line, at: index) }
    return scanner.functions
  }
}

/// Finds functions by their braces, in code without comments and strings.
///
/// In Swift a function is what follows `func`, `init`, `deinit` or `subscript`, and the block of a
/// property; in C it is a block on the outermost level with parentheses before it.
private struct FunctionScanner {
  private struct Block {
    /// The line of the declaration that the block belongs to; nil for types, loops, closures.
    let functionLine: Int?
  }

  let isSwift: Bool
  private(set) var functions: [ClosedRange<Int>] = []
  private var blocks: [Block] = []
  private var parentheses = 0
  /// Where a declaration began whose block has not opened yet.
  private var pendingLine: Int?
  private var word = ""
  private var wordFollowsPoint = false

  init(isSwift: Bool) {
    self.isSwift = isSwift
  }

  mutating func read(_ line: String, at index: Int) {
    if !isSwift && line.hasPrefix("#") { return }
    var previous: Character = "\n"
    for character in line + "\n" {
      if character.isLetter || character.isNumber || character == "_" {
        if word.isEmpty { wordFollowsPoint = previous == "." }
        word.append(character)
      } else {
        endWord(at: index)
        read(character, at: index)
      }
      previous = character
    }
  }

  private mutating func endWord(at index: Int) {
    defer { word = "" }
    guard isSwift, parentheses == 0, !wordFollowsPoint else { return }
    switch word {
    // A declaration without a block (a requirement, a stored property) is ended by the next one.
    case "func", "init", "deinit", "subscript", "var", "let": pendingLine = index
    case "case", "struct", "class", "enum", "actor", "extension", "protocol": pendingLine = nil
    default: break
    }
  }

  private mutating func read(_ character: Character, at index: Int) {
    switch character {
    case "(", "[":
      if !isSwift && blocks.isEmpty && parentheses == 0 { pendingLine = pendingLine ?? index }
      parentheses += 1
    case ")", "]": parentheses -= 1
    case ";", "=": if parentheses == 0 && !isSwift { pendingLine = nil }
    case "{":
      // Closures among arguments are blocks like any other, but never a declaration's.
      blocks.append(Block(functionLine: parentheses == 0 ? pendingLine : nil))
      if parentheses == 0 { pendingLine = nil }
    case "}":
      if let block = blocks.popLast(), let first = block.functionLine {
        functions.append(first...index)
      }
      if parentheses == 0 { pendingLine = nil }
    default: break
    }
  }
}
