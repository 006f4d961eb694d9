/// Words and signs that do not stand in our code.
enum WordRules {
  /// Notes for later: an issue is the place for them.
  static func leftoverMarks(_ file: SourceFile) -> [Finding] {
    file.comments.indices.flatMap { index in
      ["TODO", "FIXME", "XXX"]
        .filter { hasWord($0, in: file.comments[index]) || hasWord($0, in: file.code[index]) }
        .map { file.finding(index, "\($0): finish it or open an issue") }
    }
  }

  /// `print` and its kin; only the command line speaks to standard output.
  static func prints(_ file: SourceFile) -> [Finding] {
    guard file.language == .swift, file.module != "duiqi" else { return [] }
    return findings(in: file, "standard output belongs to the command line") { line in
      ["print", "debugPrint", "dump"].contains { callsFree($0, in: line) }
    }
  }

  /// `try!`, and `fatalError()` that does not say why.
  static func silentTraps(_ file: SourceFile) -> [Finding] {
    guard file.language == .swift else { return [] }
    return findings(in: file, "a trap without a reason: throw, or say what must hold") { line in
      line.contains("try!") || line.filter { $0 != " " }.contains("fatalError()")
    }
  }

  /// Types and files whose names say nothing about what they are.
  static func emptyNames(_ file: SourceFile) -> [Finding] {
    guard file.language == .swift else { return [] }
    let stem = file.path.split(separator: "/").last?.split(separator: ".").first.map(String.init)
    let inPath = isEmptyName(stem ?? "") ? [file.finding(0, "\(stem ?? "") names no concept")] : []
    return inPath
      + file.code.enumerated().flatMap { index, line in
        declaredTypes(in: line).filter(isEmptyName)
          .map { file.finding(index, "\($0) names no concept of the domain") }
      }
  }

  /// Comments that read like code.
  static func commentedOutCode(_ file: SourceFile) -> [Finding] {
    file.comments.enumerated().compactMap { index, comment in
      let isWholeLine = file.code[index].allSatisfy { $0 == " " }
      return isWholeLine && readsLikeCode(comment)
        ? file.finding(index, "commented-out code: delete it, the history keeps it") : nil
    }
  }

  // MARK: Parts

  static func hasWord(_ word: String, in line: String) -> Bool {
    guard line.utf8.count >= word.utf8.count, line.contains(word) else { return false }
    return words(of: line).contains { $0 == word }
  }

  static func words(of line: String) -> [Substring] {
    line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
  }

  private static func findings(
    in file: SourceFile, _ message: String, where isBroken: (String) -> Bool
  ) -> [Finding] {
    file.code.indices.filter { isBroken(file.code[$0]) }.map { file.finding($0, message) }
  }

  /// Whether a line calls a function of this name that is not a member of something.
  private static func callsFree(_ name: String, in line: String) -> Bool {
    guard line.contains(name + "(") else { return false }
    return line.ranges(of: name + "(").contains { range in
      guard range.lowerBound > line.startIndex else { return true }
      let before = line[line.index(before: range.lowerBound)]
      let isPartOfName = before.isLetter || before.isNumber || before == "_" || before == "."
      return !isPartOfName && !line[..<range.lowerBound].hasSuffix("func ")
    }
  }

  private static func declaredTypes(in line: String) -> [String] {
    let words = words(of: line)
    return zip(words, words.dropFirst()).compactMap { keyword, name in
      ["class", "struct", "enum", "actor", "protocol", "typealias"].contains(keyword)
        ? String(name) : nil
    }
  }

  private static func isEmptyName(_ name: String) -> Bool {
    let endings = ["Manager", "Helper", "Helpers", "Util", "Utils", "Handler", "Common", "Misc"]
    if endings.contains(where: name.hasSuffix) { return true }
    return name.hasPrefix("Base") && name.dropFirst(4).first?.isUppercase == true
  }

  /// A plain comment whose text begins with a keyword and ends or goes on as statements do.
  private static func readsLikeCode(_ comment: String) -> Bool {
    let trimmed = comment.drop { $0 == " " }
    guard trimmed.hasPrefix("//"), !trimmed.hasPrefix("///") else { return false }
    var text = trimmed.dropFirst(2).drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    guard let last = text.last, let first = text.split(separator: " ").first else { return false }
    if last == ";" || last == "{" || text == "}" { return true }
    let isStatement = ["let", "var", "return", "func", "import", "guard"].contains(first)
    let goesOn = text.contains(" = ") || last == ")" || last == "}"
    if first == "import" { return text.split(separator: " ").count == 2 && last != "." }
    let isCall = !text.contains(" ") && last == ")" && text.contains("(")
    return (isStatement && goesOn) || isCall
  }
}
