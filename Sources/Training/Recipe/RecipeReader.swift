internal import Yams

/// Reads recipe text into a tree of places, keys and scalars, and nothing that YAML adds to them.
enum RecipeReader {
  static let maximumBytes = 1 << 20
  static let maximumDepth = 64
  static let maximumNodes = 20_000

  /// The tree of a recipe; a group without keys for a text of blanks and comments.
  ///
  /// - Parameter source: what places name, a file or `--set KEY=VALUE`.
  /// - Throws: any case of `RecipeError` that concerns the text as such.
  static func read(_ text: String, source: String) throws(RecipeError) -> RecipeNode {
    guard text.utf8.count <= maximumBytes else {
      throw .tooLarge(file: source, byteCount: text.utf8.count)
    }
    try YAMLRestrictions.check(text, source: source)
    let start = RecipeError.Place(source: source, line: 1, column: 1)
    let root: Node?
    do {
      // Yams keeps a pointer into the text; one of 15 bytes or less would have no storage for it.
      root = try Yams.compose(
        yaml: text + "\n# This line keeps short texts whole.\n", Resolver.basic, .default, .utf8)
    } catch let error as YamlError {
      throw recipeError(error, text: text, source: source)
    } catch {
      throw .malformed(start, problem: "\(error)")
    }
    guard let root else { return RecipeNode(content: .keys([]), place: start) }
    var budget = maximumNodes
    return try node(root, source: source, depth: 1, budget: &budget)
  }

  private static func node(
    _ node: Node, source: String, depth: Int, budget: inout Int
  ) throws(RecipeError) -> RecipeNode {
    let place = place(node.mark, source: source)
    guard depth <= maximumDepth else { throw .tooDeep(place) }
    budget -= 1
    guard budget >= 0 else { throw .tooManyValues(place) }
    switch node {
    case .scalar(let scalar):
      let isQuoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
      return RecipeNode(content: .scalar(scalar.string, isQuoted: isQuoted), place: place)
    case .sequence(let sequence):
      var items: [RecipeNode] = []
      for item in sequence {
        items.append(
          try self.node(item, source: source, depth: depth + 1, budget: &budget))
      }
      return RecipeNode(content: .list(items), place: place)
    case .mapping(let mapping):
      var entries: [RecipeNode.Entry] = []
      for (key, value) in mapping {
        let keyNode = try self.node(key, source: source, depth: depth + 1, budget: &budget)
        entries.append(
          RecipeNode.Entry(
            key: try name(of: keyNode), place: keyNode.place,
            node: try self.node(value, source: source, depth: depth + 1, budget: &budget)))
      }
      return RecipeNode(content: .keys(entries), place: place)
    case .alias:
      throw .refused(place, feature: "an alias (`*`)", advice: "Write the value out.")
    }
  }

  private static func name(of key: RecipeNode) throws(RecipeError) -> String {
    guard case .scalar(let name, let isQuoted) = key.content else {
      throw .refused(key.place, feature: "a list or group as a key", advice: "Keys are words.")
    }
    if name == "<<" && !isQuoted {
      throw .refused(key.place, feature: "a merge key (`<<`)", advice: "Write its keys out.")
    }
    return name
  }

  private static func place(_ mark: Mark?, source: String) -> RecipeError.Place {
    RecipeError.Place(source: source, line: mark?.line ?? 1, column: mark?.column ?? 1)
  }

  private static func recipeError(
    _ error: YamlError, text: String, source: String
  ) -> RecipeError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return .malformed(place(mark, source: source), problem: problem)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let key = duplicates.min() ?? ""
      let first = place(context.mark, source: source)
      return .duplicateKey(
        secondPlace(of: key, after: first, in: text), key: RecipeNode.shortened(key))
    default:
      return .malformed(
        RecipeError.Place(source: source, line: 1, column: 1), problem: "unreadable text")
    }
  }

  /// Where a key stands again below its first place, at the same column; the first place in
  /// flowing groups, whose keys share lines.
  private static func secondPlace(
    of key: String, after first: RecipeError.Place, in text: String
  ) -> RecipeError.Place {
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (offset, line) in lines.enumerated().dropFirst(first.line)
    where line.dropFirst(first.column - 1).hasPrefix(key + ":") {
      return RecipeError.Place(source: first.source, line: offset + 1, column: first.column)
    }
    return first
  }
}
