internal import Glibc

/// Whole files in memory, or their beginnings.
public enum FileContents {
  /// - Parameter limit: a larger file is refused, unread.
  public static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let file = try FileDescriptor(path, flags: O_RDONLY | O_NONBLOCK, operation: .open)
    let byteCount = try file.regularByteCount()
    guard byteCount <= limit else {
      throw FileError(
        .read, path: path, code: EFBIG,
        problem: "it has \(byteCount) bytes, at most \(limit) are read")
    }
    return try file.read(count: byteCount)
  }

  /// The first bytes of a file; all of a shorter one.
  public static func readPrefix(_ path: String, count: Int) throws(FileError) -> [UInt8] {
    let file = try FileDescriptor(path, flags: O_RDONLY | O_NONBLOCK, operation: .open)
    return try file.read(count: min(count, file.regularByteCount()))
  }

  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
