/// A recipe's text as a tree: lists, keys and scalars as they were written, each with its place.
struct RecipeNode {
  enum Content {
    case scalar(String, isQuoted: Bool)
    case list([RecipeNode])
    case keys([Entry])
  }

  struct Entry {
    var key: String
    var place: RecipeError.Place
    var node: RecipeNode
  }

  var content: Content
  var place: RecipeError.Place

  /// What stands here, for people: `the text "abc"`, `a list`.
  var summary: String {
    switch content {
    case .scalar("", isQuoted: false): "left empty"
    case .scalar(let text, isQuoted: false): "`\(RecipeNode.shortened(text))`"
    case .scalar(let text, isQuoted: true): "the text \"\(RecipeNode.shortened(text))\""
    case .list: "a list"
    case .keys: "a group of keys"
    }
  }

  /// The first 60 characters on one line: messages stay readable whatever a file holds.
  static func shortened(_ text: String) -> String {
    let visible = text.unicodeScalars.map { scalar -> String in
      scalar.value < 0x20 || scalar.value == 0x7F
        ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
    return visible.prefix(60).joined() + (visible.count > 60 ? "…" : "")
  }
}
