internal import PairData

/// The values of a recipe by key: what its text gives, each read by its type, and the defaults.
struct RecipeValues {
  struct Item {
    let value: RecipeValue
    let place: RecipeError.Place
  }

  /// Asked by key only, never gone through.
  private var items: [String: Item] = [:]
  private var groups: [String: RecipeError.Place] = [:]
  private let start: RecipeError.Place

  /// - Throws: the first error of the text in its own order.
  init(_ root: RecipeNode) throws(RecipeError) {
    start = root.place
    guard case .keys(let entries) = root.content else {
      throw .wrongType(
        root.place, key: "the recipe", found: root.summary, expected: "A group of keys")
    }
    try add(entries, group: "")
  }

  private mutating func add(
    _ entries: [RecipeNode.Entry], group: String
  ) throws(RecipeError) {
    var chosen: String?
    let alternatives = RecipeSchema.alternatives(of: group)
    for entry in entries {
      let path = group.isEmpty ? entry.key : group + "." + entry.key
      let isGroup = RecipeSchema.isGroup(path)
      guard isGroup || RecipeSchema.key(path) != nil else {
        throw .unknownKey(
          entry.place, key: RecipeNode.shortened(path),
          nearest: RecipeSchema.nearest(to: entry.key, inGroup: group))
      }
      if let chosen, alternatives.contains(entry.key) {
        throw .conflict(
          entry.place, key: path, found: "`\(group).\(chosen)` is there already",
          expected: "One of the two was expected", advice: "Remove the other.")
      }
      chosen = entry.key
      if isGroup, case .keys(let inner) = entry.node.content {
        groups[path] = entry.place
        try add(inner, group: path)
      } else {
        try addValue(entry, path: path)
      }
    }
  }

  private mutating func addValue(
    _ entry: RecipeNode.Entry, path: String
  ) throws(RecipeError) {
    guard let key = RecipeSchema.key(path) else {
      throw .wrongType(
        entry.node.place, key: path, found: entry.node.summary, expected: "A group of keys")
    }
    items[path] = Item(value: try key.type.read(entry.node, key: path), place: entry.node.place)
  }

  /// Whether the text has the key or group, not a default.
  func has(_ path: String) -> Bool { items[path] != nil || groups[path] != nil }

  /// Where a key, or what holds it, stands; the recipe's start where none of it does.
  func place(of path: String) -> RecipeError.Place {
    var path = path[...]
    while true {
      if let place = items[String(path)]?.place ?? groups[String(path)] { return place }
      guard let dot = path.lastIndex(of: ".") else { return start }
      path = path[..<dot]
    }
  }

  /// The value or its default; nothing for an optional key left out.
  private func value(_ path: String) -> RecipeValue? {
    if let item = items[path] { return item.value }
    guard let key = RecipeSchema.key(path) else {
      preconditionFailure("\(path) is asked for but is not in RecipeSchema.")
    }
    guard case .fallback(let text) = key.presence else { return nil }
    do {
      return try key.type.read(try RecipeReader.read(text, source: "default"), key: path)
    } catch {
      preconditionFailure("The default of \(path) in RecipeSchema is wrong: \(error)")
    }
  }

  private func required<Value>(
    _ path: String, _ value: Value?
  ) throws(RecipeError) -> Value {
    if let value { return value }
    let key = RecipeSchema.key(path)
    precondition(
      items[path] == nil, "\(path) is asked for as another type than RecipeSchema has.")
    throw .missingKey(
      place(of: path), key: path, expected: (key?.type.expectation ?? "").capitalizedFirst)
  }
}

extension RecipeValues {
  func optionalText(_ path: String) -> String? {
    if case .text(let text) = value(path) { text } else { nil }
  }

  func text(_ path: String) throws(RecipeError) -> String {
    try required(path, optionalText(path))
  }

  func optionalPatterns(_ path: String) -> [String]? {
    if case .patterns(let patterns) = value(path) { patterns } else { nil }
  }

  func patterns(_ path: String) throws(RecipeError) -> [String] {
    try required(path, optionalPatterns(path))
  }

  func optionalInteger(_ path: String) -> Int? {
    if case .integer(let number) = value(path) { number } else { nil }
  }

  func integer(_ path: String) throws(RecipeError) -> Int {
    try required(path, optionalInteger(path))
  }

  func optionalIntegers(_ path: String) -> [Int]? {
    if case .integers(let numbers) = value(path) { numbers } else { nil }
  }

  func threads(_ path: String) -> Int? {
    if case .threads(let count) = value(path) { count } else { nil }
  }

  func optionalNumber(_ path: String) -> Double? {
    if case .number(let number) = value(path) { number } else { nil }
  }

  func number(_ path: String) throws(RecipeError) -> Double {
    try required(path, optionalNumber(path))
  }

  func pair(_ path: String) throws(RecipeError) -> (Double, Double) {
    guard case .pair(let first, let second) = value(path) else {
      return try required(path, nil)
    }
    return (first, second)
  }

  func boolean(_ path: String) throws(RecipeError) -> Bool {
    guard case .boolean(let value) = value(path) else { return try required(path, nil) }
    return value
  }

  func duration(_ path: String) throws(RecipeError) -> Duration {
    guard case .duration(let value) = value(path) else { return try required(path, nil) }
    return value
  }

  func bytes(_ path: String) throws(RecipeError) -> ByteCount {
    guard case .bytes(let value) = value(path) else { return try required(path, nil) }
    return value
  }

  func rules(_ path: String) throws(RecipeError) -> [ParameterRule] {
    guard case .rules(let value) = value(path) else { return try required(path, nil) }
    return value
  }

  func parameterPatterns(_ path: String) throws(RecipeError) -> [ParameterPattern] {
    guard case .parameterPatterns(let value) = value(path) else { return try required(path, nil) }
    return value
  }

  func augmentation(_ path: String) throws(RecipeError) -> Augmentation {
    guard case .augmentation(let value) = value(path) else { return try required(path, nil) }
    return value
  }

  func captions(_ path: String) -> CaptionSelector? {
    if case .captions(let selector) = value(path) { selector } else { nil }
  }
}
