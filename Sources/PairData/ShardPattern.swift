/// Names of shards with ranges, lists and wildcards, turned into the files they stand for.
///
/// `train-{0000..0031}.tar` is a range (leading zeros kept), `{train,more}-1.tar` a list, braces
/// nest; `*` and `?` match within one path component, never a leading dot, never our own index
/// files. Every name without wildcards must exist; a pattern with them must match something.
///
///     try ShardPattern.expand(["data/train-*.tar"], relativeTo: "/home/me/run")
public enum ShardPattern {
  /// A pattern may stand for this many names; hostile ranges stop here.
  public static let expansionLimit = 1_000_000

  /// The files, each once, in the byte order of their paths.
  /// - Throws: `invalidPattern`, `patternTooLarge`, `noShards`, `fileFailure`.
  public static func expand(
    _ patterns: [String], relativeTo folder: String
  ) throws(PairDataError) -> [String] {
    guard !patterns.isEmpty else {
      throw .invalidPattern(pattern: "", problem: "there is no pattern")
    }
    var paths: [String] = []
    for pattern in patterns {
      try validate(pattern)
      for name in try names(for: pattern) {
        let found = try Wildcards.files(matching: name, relativeTo: folder)
        guard !found.isEmpty else { throw .noShards(pattern: name, folder: folder) }
        paths += found
        guard paths.count <= expansionLimit else {
          throw .patternTooLarge(pattern: pattern, limit: expansionLimit)
        }
      }
    }
    paths.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return paths.indices.filter { $0 == 0 || paths[$0] != paths[$0 - 1] }.map { paths[$0] }
  }

  /// The names that a pattern's braces stand for, wildcards left as they are, in written order.
  static func names(for pattern: String) throws(PairDataError) -> [String] {
    let scalars = Array(pattern.unicodeScalars)
    let found = try expansions(of: scalars[...], in: pattern, depth: 0)
    return found.map { String(String.UnicodeScalarView($0)) }
  }

  private static func validate(_ pattern: String) throws(PairDataError) {
    if pattern.isEmpty { throw .invalidPattern(pattern: pattern, problem: "it is empty") }
    guard !pattern.utf8.contains(0) else {
      throw .invalidPattern(pattern: pattern, problem: "it contains a NUL")
    }
  }

  private typealias Scalars = [Unicode.Scalar]

  /// Text, first brace and rest: the rest is expanded once, then joined to each alternative.
  private static func expansions(
    of text: ArraySlice<Unicode.Scalar>, in pattern: String, depth: Int
  ) throws(PairDataError) -> [Scalars] {
    guard depth <= 32 else {
      throw .invalidPattern(pattern: pattern, problem: "it has more than 32 braces")
    }
    guard let open = text.firstIndex(where: { $0 == "{" || $0 == "}" }) else {
      return [Array(text)]
    }
    guard text[open] == "{", let close = closingBrace(in: text, after: open) else {
      throw .invalidPattern(pattern: pattern, problem: "its braces do not match")
    }
    let heads = try alternatives(text[(open + 1)..<close], in: pattern, depth: depth)
    let tails = try expansions(of: text[(close + 1)...], in: pattern, depth: depth + 1)
    guard heads.count <= expansionLimit / max(tails.count, 1) else {
      throw .patternTooLarge(pattern: pattern, limit: expansionLimit)
    }
    let start = Array(text[..<open])
    return heads.flatMap { head in tails.map { start + head + $0 } }
  }

  private static func closingBrace(in text: ArraySlice<Unicode.Scalar>, after open: Int) -> Int? {
    var level = 0
    for index in open..<text.endIndex {
      if text[index] == "{" { level += 1 }
      if text[index] == "}" { level -= 1 }
      if level == 0 { return index }
    }
    return nil
  }

  private static func alternatives(
    _ body: ArraySlice<Unicode.Scalar>, in pattern: String, depth: Int
  ) throws(PairDataError) -> [Scalars] {
    var parts: [ArraySlice<Unicode.Scalar>] = []
    var (level, start) = (0, body.startIndex)
    for index in body.indices {
      if body[index] == "{" { level += 1 }
      if body[index] == "}" { level -= 1 }
      if body[index] == ",", level == 0 {
        parts.append(body[start..<index])
        start = index + 1
      }
    }
    parts.append(body[start...])
    guard parts.count > 1 else { return try range(body, in: pattern) }
    var found: [Scalars] = []
    for part in parts {
      found += try expansions(of: part, in: pattern, depth: depth + 1)
      guard found.count <= expansionLimit else {
        throw .patternTooLarge(pattern: pattern, limit: expansionLimit)
      }
    }
    return found
  }

  private static func range(
    _ body: ArraySlice<Unicode.Scalar>, in pattern: String
  ) throws(PairDataError) -> [Scalars] {
    let text = String(String.UnicodeScalarView(body))
    let ends = text.split(separator: ".", omittingEmptySubsequences: false)
    let isDigits = { (end: Substring) in
      (1...18).contains(end.utf8.count) && end.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
    guard ends.count == 3, ends[1].isEmpty, isDigits(ends[0]), isDigits(ends[2]),
      let first = Int(ends[0]), let last = Int(ends[2])
    else {
      throw .invalidPattern(
        pattern: pattern, problem: "`{\(text)}` is neither a range `FIRST..LAST` nor a list")
    }
    guard first <= last else {
      throw .invalidPattern(pattern: pattern, problem: "the range `{\(text)}` runs backwards")
    }
    guard last - first < expansionLimit else {
      throw .patternTooLarge(pattern: pattern, limit: expansionLimit)
    }
    let width = max(ends[0].utf8.count, ends[2].utf8.count)
    let isPadded = ends.contains { $0.hasPrefix("0") && $0.utf8.count > 1 }
    return (first...last).map { number in
      let digits = String(number)
      let zeros = isPadded ? String(repeating: "0", count: width - digits.utf8.count) : ""
      return Array((zeros + digits).unicodeScalars)
    }
  }
}
