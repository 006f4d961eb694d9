internal import DurableFiles
internal import Glibc

/// The commit of the repository that the program was built in, read where its executable lies.
enum SourceCommit {
  /// - Returns: nothing where no folder above the executable is a repository.
  static func ofExecutable() -> String? {
    guard let path = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(path) }
    var folder = Folder.parent(of: String(cString: path))
    while folder != "/" {
      if let commit = commit(ofRepository: "\(folder)/.git") { return commit }
      folder = Folder.parent(of: folder)
    }
    return nil
  }

  /// Follows `HEAD` to a commit: by its reference's own file, or by the packed references.
  private static func commit(ofRepository git: String) -> String? {
    guard let head = text("\(git)/HEAD") else { return nil }
    guard head.hasPrefix("ref: ") else { return isCommit(head) ? head : nil }
    let reference = String(head.dropFirst(5))
    if let commit = text("\(git)/\(reference)"), isCommit(commit) { return commit }
    let packed = text("\(git)/packed-refs")?.split(separator: "\n") ?? []
    return packed.first { $0.hasSuffix(" \(reference)") }.map { String($0.prefix(40)) }
  }

  private static func isCommit(_ text: String) -> Bool {
    text.utf8.count == 40 && text.allSatisfy(\.isHexDigit)
  }

  private static func text(_ path: String) -> String? {
    guard let bytes = try? FileContents.read(path, limit: 1 << 20) else { return nil }
    var text = String(decoding: bytes, as: UTF8.self)
    while text.hasSuffix("\n") { text.removeLast() }
    return text
  }
}
