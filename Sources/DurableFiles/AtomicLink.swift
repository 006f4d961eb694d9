internal import Glibc

/// Symbolic links that always point to something: replaced by renaming, never removed first.
public enum AtomicLink {
  /// - Parameter target: relative to the link's folder.
  public static func replace(_ path: String, target: String) throws(FileError) {
    let temporary = TemporaryName.next(for: path)
    guard symlink(target, temporary) == 0 else {
      throw FileError(.link, path: path, code: errno)
    }
    guard rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw FileError(.link, path: path, code: code)
    }
    try Folder.flush(Folder.parent(of: path))
  }

  /// What a link points to, or `nil` where there is no link.
  public static func target(of path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
