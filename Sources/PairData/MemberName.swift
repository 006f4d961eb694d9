/// A member's name taken apart as WebDataset does: the key its pair shares, and what it is.
///
/// The name splits at the first dot of its last path component; the key keeps the folders.
struct MemberName: Equatable {
  /// What a member is to its pair. Images are listed in order of preference.
  enum Kind: Equatable {
    case image(preference: Int)
    case text
    case json
    case other
  }

  let key: Substring
  let kind: Kind

  /// Extensions of images, the preferred first, when a pair has several.
  static let imageExtensions = ["jpg", "png", "jpeg", "webp"]

  /// Nil for what belongs to no pair: names without a dot, hidden files, `__x__` at the top level
  /// and the leavings of other systems.
  init?(_ name: String) {
    guard !Self.isForeign(name) else { return nil }
    let base = Self.baseStart(of: name)
    guard let dot = name[base...].firstIndex(of: "."), dot != base else { return nil }
    key = name[..<dot]
    let ending = name[name.index(after: dot)...].lowercased()
    switch ending {
    case "txt": kind = .text
    case "json": kind = .json
    default:
      kind = Self.imageExtensions.firstIndex(of: ending).map { .image(preference: $0) } ?? .other
    }
  }

  /// Whether a name has no dot at all where one would tell a key from a kind.
  static func isUndotted(_ name: String) -> Bool {
    !isForeign(name) && !name.hasSuffix("/") && !name[baseStart(of: name)...].contains(".")
  }

  private static func isForeign(_ name: String) -> Bool {
    let top = name.prefix { $0 != "/" }
    return top == "__MACOSX"
      || top.utf8.count > 4 && top.hasPrefix("__") && top.hasSuffix("__")
  }

  private static func baseStart(of name: String) -> String.Index {
    name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
  }
}
