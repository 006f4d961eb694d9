internal import Glibc

/// A file that grows under a name of its own and gets its final name when it is whole.
///
/// Unlike with ``AtomicFile``, what a killed process leaves is there to be gone on with. A file has
/// one such name: its owner holds a ``FileLock``, and tells by checksums what is good in it.
///
///     let file = try PartialFile("train-0000.embeddings")
///     try file.cut(toBytes: wholeBytes)
///     try file.write(block, at: wholeBytes)
///     try file.publish()
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

  /// Gives it up.
  public func remove() throws(FileError) {
    guard unlink(file.path) == 0 else { throw FileError(.remove, path: file.path, code: errno) }
  }

  /// Puts the file under its name, replacing what was there.
  public func publish() throws(FileError) {
    try file.flush()
    guard rename(file.path, path) == 0 else {
      throw FileError(.publish, path: path, code: errno)
    }
    try Folder.flush(Folder.parent(of: path))
  }
}
