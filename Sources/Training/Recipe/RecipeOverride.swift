/// A value given on the command line: `--set optimizer.adamw.learning_rate=1e-4`.
struct RecipeOverride {
  private let components: [String]
  private let value: RecipeNode
  private let place: RecipeError.Place

  /// Reads `KEY=VALUE`; the value is YAML, read as a recipe is.
  ///
  /// - Throws: `invalidOverride` for other forms, or what is wrong with the value as such.
  init(_ argument: String) throws(RecipeError) {
    guard let equals = argument.firstIndex(of: "=") else {
      throw .invalidOverride(argument: RecipeNode.shortened(argument))
    }
    components = argument[..<equals].split(separator: ".", omittingEmptySubsequences: false)
      .map(String.init)
    guard components.allSatisfy({ !$0.isEmpty }), components.count <= RecipeReader.maximumDepth
    else { throw .invalidOverride(argument: RecipeNode.shortened(argument)) }
    let source = "--set \(RecipeNode.shortened(argument))"
    place = RecipeError.Place(source: source, line: 0, column: 0)
    let text = String(argument[argument.index(after: equals)...])
    let isBlank = text.allSatisfy { $0 == " " }
    guard !isBlank else { throw .invalidOverride(argument: RecipeNode.shortened(argument)) }
    value = RecipeOverride.placed(try RecipeReader.read(text, source: source), at: place)
  }

  /// Puts the value into a recipe's tree, in place of what the key has, making groups on the way.
  ///
  /// Of a group's alternatives the others give way. Whether the keys are right is seen later.
  func apply(to root: inout RecipeNode) throws(RecipeError) {
    set(components[...], group: "", in: &root)
  }

  private func set(_ rest: ArraySlice<String>, group: String, in node: inout RecipeNode) {
    guard let name = rest.first else {
      node = value
      return
    }
    var entries: [RecipeNode.Entry] = []
    if case .keys(let existing) = node.content { entries = existing }
    let alternatives = RecipeSchema.alternatives(of: group)
    if alternatives.contains(name) {
      entries.removeAll { $0.key != name && alternatives.contains($0.key) }
    }
    if !entries.contains(where: { $0.key == name }) {
      entries.append(
        RecipeNode.Entry(
          key: name, place: place, node: RecipeNode(content: .keys([]), place: place)))
    }
    let path = group.isEmpty ? name : group + "." + name
    for index in entries.indices where entries[index].key == name {
      set(rest.dropFirst(), group: path, in: &entries[index].node)
    }
    node.content = .keys(entries)
  }

  /// The tree with the command line as the place of everything in it.
  private static func placed(_ node: RecipeNode, at place: RecipeError.Place) -> RecipeNode {
    var node = node
    node.place = place
    switch node.content {
    case .scalar: break
    case .list(let items): node.content = .list(items.map { placed($0, at: place) })
    case .keys(let entries):
      node.content = .keys(
        entries.map {
          RecipeNode.Entry(key: $0.key, place: place, node: placed($0.node, at: place))
        })
    }
    return node
  }
}
