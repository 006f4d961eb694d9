extension RecipeSchema {
  static func key(_ path: String) -> RecipeKey? {
    keys.first { $0.path == path }
  }

  /// Whether a path is a group of keys.
  static func isGroup(_ path: String) -> Bool {
    keys.contains { $0.path.hasPrefix(path + ".") }
  }

  /// The groups of which a recipe has one at most, in place of a word; empty for other keys.
  static func alternatives(of path: String) -> [String] {
    guard case .choice(_, let groups)? = key(path)?.type else { return [] }
    return groups
  }

  /// The key that was probably meant: by spelling within the group, else the same last word.
  ///
  /// - Returns: a name within the group, or a whole path; nothing where none is near.
  static func nearest(to name: String, inGroup group: String) -> String? {
    let prefix = group.isEmpty ? "" : group + "."
    var siblings: [String] = []
    for key in keys where key.path.hasPrefix(prefix) {
      let sibling = String(key.path.dropFirst(prefix.count).prefix { $0 != "." })
      if !siblings.contains(sibling) { siblings.append(sibling) }
    }
    if let sibling = closest(to: name, among: siblings) { return prefix + sibling }
    let words = keys.map { String($0.path.split(separator: ".").last ?? "") }
    guard let word = closest(to: name, among: words) else { return nil }
    return keys.first { $0.path == word || $0.path.hasSuffix("." + word) }?.path
  }

  /// The word with the fewest changed letters, no more than two in five.
  private static func closest(to name: String, among words: [String]) -> String? {
    guard name.utf8.count <= 64 else { return nil }
    var best: (word: String, distance: Int)?
    for word in words {
      let distance = editDistance(Array(name.utf8), Array(word.utf8))
      guard distance * 5 <= 2 * max(name.utf8.count, word.utf8.count) else { continue }
      if best.map({ distance < $0.distance }) ?? true { best = (word, distance) }
    }
    return best?.word
  }

  /// Levenshtein's distance, a row of its table at a time.
  static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (line, byte) in left.enumerated() {
      var diagonal = row[0]
      row[0] = line + 1
      for (column, other) in right.enumerated() {
        let above = row[column + 1]
        row[column + 1] = min(
          diagonal + (byte == other ? 0 : 1), min(above, row[column]) + 1)
        diagonal = above
      }
    }
    return row[right.count]
  }
}
