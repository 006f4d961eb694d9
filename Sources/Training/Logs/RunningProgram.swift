internal import DurableFiles
internal import Glibc

/// The executable of this process: what can be known of where it came from.
enum RunningProgram {
  /// In hexadecimal, computed once; nothing where the file cannot be read.
  static let sha256: String? = {
    guard let file = try? OpenFile("/proc/self/exe") else { return nil }
    var digest = SHA256()
    for start in stride(from: 0, to: file.byteCount, by: 1 << 20) {
      guard let part = try? file.read(start..<min(start + 1 << 20, file.byteCount)) else {
        return nil
      }
      digest.update(part)
    }
    return SHA256.hexadecimal(digest.finalize())
  }()

  /// The commit that this executable was built on, ``commit(ofExecutable:)``.
  static func commit() -> String? {
    guard let path = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(path) }
    return commit(ofExecutable: String(cString: path))
  }

  /// The commit that the repository around an executable stands on, where it has stood there since
  /// before the executable was made. Changes that were not committed are not seen.
  ///
  /// - Returns: nothing where the repository moved on afterwards, or where there is none.
  static func commit(ofExecutable path: String) -> String? {
    guard let built = modificationTime(path) else { return nil }
    var folder = Folder.parent(of: path)
    while folder != "/", folder != "." {
      let git = "\(folder)/.git"
      if FileContents.exists(git) { return commit(ofRepository: git, before: built) }
      folder = Folder.parent(of: folder)
    }
    return nil
  }

  /// Follows `HEAD` to a commit: by its reference's own file, or by the packed references.
  private static func commit(ofRepository git: String, before built: Double) -> String? {
    guard let head = text("\(git)/HEAD", before: built) else { return nil }
    guard head.hasPrefix("ref: ") else { return isCommit(head) ? head : nil }
    let reference = String(head.dropFirst(5))
    if FileContents.exists("\(git)/\(reference)") {
      return text("\(git)/\(reference)", before: built).flatMap { isCommit($0) ? $0 : nil }
    }
    let packed = text("\(git)/packed-refs", before: built)?.split(separator: "\n") ?? []
    return packed.first { $0.hasSuffix(" \(reference)") }.map { String($0.prefix(40)) }
  }

  private static func isCommit(_ text: String) -> Bool {
    text.utf8.count == 40 && text.allSatisfy(\.isHexDigit)
  }

  /// A file's text, where it has not changed since a time.
  private static func text(_ path: String, before time: Double) -> String? {
    guard let changed = modificationTime(path), changed <= time,
      let bytes = try? FileContents.read(path, limit: 1 << 20)
    else { return nil }
    var text = String(decoding: bytes, as: UTF8.self)
    while text.hasSuffix("\n") { text.removeLast() }
    return text
  }

  private static func modificationTime(_ path: String) -> Double? {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return nil }
    return Double(facts.st_mtim.tv_sec) + Double(facts.st_mtim.tv_nsec) * 1e-9
  }
}
