internal import Glibc

/// A file that grows under a name of its own and gets its final name when it is whole.
///
/// Unlike with ``AtomicFile``, what a killed process leaves is there to be gone on with. A file has
/// one such name: its owner holds a ``FileLock``, and tells by checksums what is good in it.
///
///     let file = try PartialFile("train-0000.embeddings")
///     try file.cut(toBytes: wholeBytes)
///     try file.write(block, at: wholeBytes)
///     let isPublished = try file.publish()
public final class PartialFile {
  public static let suffix = ".partial"

  public let path: String
  private let file: FileDescriptor

  /// Where a file lies before it is published.
  public static func partialPath(of path: String) -> String { path + suffix }

  /// Opens what an earlier owner left, or an empty file.
  public init(_ path: String) throws(FileError) {
    self.path = path
    file = try FileDescriptor(
      Self.partialPath(of: path), flags: O_RDWR | O_CREAT | O_NOFOLLOW, operation: .create)
  }

  /// Drops everything after so many bytes.
  public func cut(toBytes count: Int) throws(FileError) {
    guard ftruncate(file.number, count) == 0 else {
      throw FileError(.write, path: file.path, code: errno)
    }
  }

  public func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    try file.write(bytes, at: offset)
  }

  /// Gives it up, where it is still there.
  public func remove() throws(FileError) {
    guard file.isAt(file.path) else { return }
    guard unlink(file.path) == 0 else { throw FileError(.remove, path: file.path, code: errno) }
  }

  /// Puts the file under its name, replacing what was there.
  ///
  /// - Returns: false where it cannot be had any more: somebody deleted it, and what is there under
  ///   its name, if anything, is another process's.
  public func publish() throws(FileError) -> Bool {
    try file.flush()
    guard file.isAt(file.path) else { return false }
    guard rename(file.path, path) == 0 else {
      guard errno != ENOENT else { return false }
      throw FileError(.publish, path: path, code: errno)
    }
    // Somebody may have come between the two.
    guard file.isAt(path) else { return false }
    try Folder.flush(Folder.parent(of: path))
    return true
  }
}
