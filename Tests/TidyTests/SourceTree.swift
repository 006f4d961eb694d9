import Foundation

/// The repository's files, as far as the rules of tidiness reach.
enum SourceTree {
  static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Source files below `Sources` and `Tests`, in the order of their paths.
  static let sources: [SourceFile] = files(below: ["Sources", "Tests"]) { path in
    SourceFile.Language(path: path) != nil
  }

  /// Every text that is ours: sources, scripts, recipes, documents, and the files at the root.
  static let texts: [SourceFile] =
    files(below: ["Sources", "Tests", "docs", "recipes", ".ci"]) { !$0.contains("/data/") }
    + names(in: root).sorted().filter { $0 != gitLink }.compactMap(read)

  /// In a linked working tree `.git` is a file, which says where the repository is.
  private static let gitLink = ".git"

  private static func files(
    below folders: [String], where isWanted: (String) -> Bool
  ) -> [SourceFile] {
    folders.flatMap { folder -> [SourceFile] in
      let folderURL = root.appending(path: folder)
      let found = FileManager.default.enumerator(atPath: folderURL.path)
      let names = found?.compactMap { $0 as? String } ?? []
      return names.filter { !$0.contains("__pycache__") }.map { "\(folder)/\($0)" }
        .sorted().filter(isWanted).compactMap(read)
    }
  }

  private static func names(in folder: URL) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
  }

  /// The file, or nil for folders, links and whatever is not UTF-8 text.
  private static func read(_ path: String) -> SourceFile? {
    let url = root.appending(path: path)
    let values = try? url.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
    guard values?.isRegularFile == true, values?.fileSize ?? 0 < 4 << 20 else { return nil }
    guard let data = try? Data(contentsOf: url) else { return nil }
    return String(validating: data, as: UTF8.self).map { SourceFile(path: path, text: $0) }
  }
}
