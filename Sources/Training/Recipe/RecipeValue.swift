internal import PairData

/// A value of a recipe as its key's type has read it.
enum RecipeValue {
  case text(String)
  case patterns([String])
  case integer(Int)
  case integers([Int])
  /// Nothing stands for all cores.
  case threads(Int?)
  case number(Double)
  case pair(Double, Double)
  case boolean(Bool)
  case duration(Duration)
  case bytes(ByteCount)
  case rules([ParameterRule])
  case parameterPatterns([ParameterPattern])
  case augmentation(Augmentation)
  case captions(CaptionSelector)
}

extension RecipeType {
  /// What stands at a key, read by its type.
  ///
  /// - Throws: `wrongType` for text of another form, `outOfRange` for a value the key cannot take.
  func read(_ node: RecipeNode, key: String) throws(RecipeError) -> RecipeValue {
    switch self {
    case .patterns: return .patterns(try patterns(node, key: key))
    case .rules: return .rules(try rules(node, key: key))
    case .parameterPatterns: return .parameterPatterns(try parameterPatterns(node, key: key))
    case .pair(let range):
      guard case .list(let items) = node.content, items.count == 2 else {
        throw wrongType(node, key)
      }
      return .pair(
        try number(items[0], in: range, key: key), try number(items[1], in: range, key: key))
    case .integers(let count, let range):
      return .integers(try integers(node, count: count, in: range, key: key))
    default: break
    }
    guard case .scalar(let text, let isQuoted) = node.content else { throw wrongType(node, key) }
    switch self {
    case .name, .path, .captions: return try textValue(text, at: node, key: key)
    case .number(let range): return .number(try number(node, in: range, key: key))
    default: break
    }
    guard !isQuoted else { throw wrongType(node, key) }
    return try plainValue(text, at: node, key: key)
  }

  /// Values that are texts, in quotes or without.
  private func textValue(
    _ text: String, at node: RecipeNode, key: String
  ) throws(RecipeError) -> RecipeValue {
    guard !text.isEmpty else { throw wrongType(node, key) }
    switch self {
    case .name:
      guard RecipeType.isRunName(text) else { throw outOfRange(node, key) }
      return .text(text)
    case .captions:
      do {
        return .captions(try CaptionSelector(text))
      } catch {
        throw wrongType(node, key)
      }
    default:
      guard text.utf8.count <= 4096, !text.utf8.contains(0) else { throw outOfRange(node, key) }
      return .text(text)
    }
  }

  /// Values that a quote would turn into a text.
  private func plainValue(
    _ text: String, at node: RecipeNode, key: String
  ) throws(RecipeError) -> RecipeValue {
    switch self {
    case .integer(let range):
      guard let number = PlainNumber.integer(text) else { throw wrongType(node, key) }
      guard range.contains(number) else { throw outOfRange(node, key) }
      return .integer(number)
    case .threads:
      if text == "all" { return .threads(nil) }
      guard let number = PlainNumber.integer(text) else { throw wrongType(node, key) }
      guard (1...1024).contains(number) else { throw outOfRange(node, key) }
      return .threads(number)
    case .boolean:
      guard text == "true" || text == "false" else { throw wrongType(node, key) }
      return .boolean(text == "true")
    case .choice(let words, _):
      guard words.contains(text) else { throw wrongType(node, key) }
      return .text(text)
    case .share:
      guard case .percent(let share) = Duration(text) else { throw wrongType(node, key) }
      guard share <= 100 else { throw outOfRange(node, key) }
      return .number(share)
    case .duration(let allowsPercent, let allowsNothing):
      return .duration(
        try duration(
          text, at: node, key: key, allowsPercent: allowsPercent, allowsNothing: allowsNothing))
    case .bytes:
      guard let amount = ByteCount(text) else { throw wrongType(node, key) }
      guard amount.bytes >= 1 << 20 else { throw outOfRange(node, key) }
      return .bytes(amount)
    case .worse:
      guard let count = UnitText(text), count.unit == "worse",
        let number = PlainNumber.integer(count.number)
      else { throw wrongType(node, key) }
      guard (1...1_000_000).contains(number) else { throw outOfRange(node, key) }
      return .integer(number)
    case .augmentation:
      guard let augmentation = Augmentation(recipe: text) else { throw wrongType(node, key) }
      return .augmentation(augmentation)
    case .name, .path, .captions, .number, .pair, .integers, .patterns, .rules,
      .parameterPatterns:
      preconditionFailure("\(key) is not of a plain type; read(_:key:) takes those before.")
    }
  }

  private func duration(
    _ text: String, at node: RecipeNode, key: String, allowsPercent: Bool, allowsNothing: Bool
  ) throws(RecipeError) -> Duration {
    guard let duration = Duration(text) else { throw wrongType(node, key) }
    let isTooLong: Bool
    let isNothing: Bool
    switch duration {
    case .steps(let count): (isTooLong, isNothing) = (count > 1 << 40, count == 0)
    case .epochs(let count): (isTooLong, isNothing) = (count > 1_000_000, count == 0)
    case .percent(let share):
      guard allowsPercent else { throw wrongType(node, key) }
      (isTooLong, isNothing) = (share > 100, share == 0)
    }
    guard !isTooLong, allowsNothing || !isNothing else {
      throw .outOfRange(
        node.place, key: key, found: node.summary,
        expected: (allowsNothing ? "from nothing" : "above nothing")
          + " to 100 %, 1000000 epochs or \(1 << 40) steps")
    }
    return duration
  }

  private func patterns(_ node: RecipeNode, key: String) throws(RecipeError) -> [String] {
    let items: [RecipeNode]
    if case .list(let list) = node.content { items = list } else { items = [node] }
    var patterns: [String] = []
    for item in items {
      guard case .scalar(let text, _) = item.content, !text.isEmpty else {
        throw wrongType(item, key)
      }
      guard text.utf8.count <= 4096 else { throw outOfRange(item, key) }
      patterns.append(text)
    }
    guard !patterns.isEmpty else { throw wrongType(node, key) }
    return patterns
  }

  private func parameterPatterns(
    _ node: RecipeNode, key: String
  ) throws(RecipeError) -> [ParameterPattern] {
    guard case .list(let items) = node.content, !items.isEmpty else { throw wrongType(node, key) }
    var patterns: [ParameterPattern] = []
    for item in items {
      guard case .scalar(let text, _) = item.content, let pattern = ParameterPattern(text) else {
        throw wrongType(item, key)
      }
      patterns.append(pattern)
    }
    return patterns
  }

  private func rules(_ node: RecipeNode, key: String) throws(RecipeError) -> [ParameterRule] {
    guard case .list(let items) = node.content, !items.isEmpty else { throw wrongType(node, key) }
    var rules: [ParameterRule] = []
    for item in items {
      guard case .scalar(let text, _) = item.content, let rule = ParameterRule(text) else {
        throw .wrongType(
          item.place, key: key, found: item.summary,
          expected: "\"PATTERN: locked\" or \"PATTERN: trained, decay NUMBER, rate NUMBER\", "
            + "in quotes, numbers from 0 to 1000,")
      }
      rules.append(rule)
    }
    return rules
  }

  private func integers(
    _ node: RecipeNode, count: Int, in range: ClosedRange<Int>, key: String
  ) throws(RecipeError) -> [Int] {
    guard case .list(let items) = node.content, items.count == count else {
      throw wrongType(node, key)
    }
    var numbers: [Int] = []
    for item in items {
      guard case .scalar(let text, isQuoted: false) = item.content,
        let number = PlainNumber.integer(text)
      else { throw wrongType(item, key) }
      guard range.contains(number) else { throw outOfRange(item, key) }
      numbers.append(number)
    }
    return numbers
  }

  private func number(
    _ node: RecipeNode, in range: NumberRange, key: String
  ) throws(RecipeError) -> Double {
    guard case .scalar(let text, isQuoted: false) = node.content,
      let number = PlainNumber.decimal(text)
    else { throw wrongType(node, key) }
    guard range.contains(number) else { throw outOfRange(node, key) }
    return number
  }

  private static func isRunName(_ text: String) -> Bool {
    text.utf8.count <= 100 && text.first != "." && text.first != "-"
      && text.unicodeScalars.allSatisfy {
        $0.isASCII
          && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
            || "_-.".unicodeScalars.contains($0))
      }
  }

  private func wrongType(_ node: RecipeNode, _ key: String) -> RecipeError {
    .wrongType(node.place, key: key, found: node.summary, expected: expectation.capitalizedFirst)
  }

  private func outOfRange(_ node: RecipeNode, _ key: String) -> RecipeError {
    .outOfRange(node.place, key: key, found: node.summary, expected: expectation)
  }
}

extension String {
  /// The same text as the start of a sentence.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
