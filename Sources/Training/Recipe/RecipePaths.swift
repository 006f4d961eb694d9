internal import Glibc

/// Makes the paths of a recipe absolute: they are written relative to its own folder.
struct RecipePaths {
  private let folder: String

  /// - Parameter file: the recipe's file, absolute or relative to the working folder.
  init(recipe file: String) {
    let name = file.utf8.lastIndex(of: UInt8(ascii: "/"))
    let parent = name.map { String(file[..<$0]) } ?? "."
    if file.hasPrefix("/") {
      folder = parent
    } else {
      folder = RecipePaths.joined(RecipePaths.workingFolder(), parent)
    }
  }

  /// The absolute path; `..` stays, for folders may be links.
  func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : RecipePaths.joined(folder, path)
  }

  private static func joined(_ folder: String, _ path: String) -> String {
    var rest = path[...]
    while rest.hasPrefix("./") { rest = rest.dropFirst(2) }
    return rest == "." || rest.isEmpty ? folder : folder + "/" + rest
  }

  private static func workingFolder() -> String {
    guard let bytes = getcwd(nil, 0) else { return "." }
    defer { free(bytes) }
    let path = String(cString: bytes)
    return path == "/" ? "" : path
  }
}
