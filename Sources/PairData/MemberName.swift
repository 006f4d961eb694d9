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
    let top = name.prefix { $0 != "/" }
    if top == "__MACOSX" { return nil }
    if top.utf8.count > 4, top.hasPrefix("__"), top.hasSuffix("__") { return nil }
    let baseStart = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
    guard let dot = name[baseStart...].firstIndex(of: "."), dot != baseStart else { return nil }
    key = name[..<dot]
    let ending = name[name.index(after: dot)...].lowercased()
    switch ending {
    case "txt": kind = .text
    case "json": kind = .json
    default:
      kind = Self.imageExtensions.firstIndex(of: ending).map { .image(preference: $0) } ?? .other
    }
  }
}
