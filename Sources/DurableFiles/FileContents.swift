internal import Glibc

/// Whole files in memory.
public enum FileContents {
  /// - Parameter limit: a larger file is refused, unread.
  public static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let file = try FileDescriptor(path, flags: O_RDONLY | O_NONBLOCK, operation: .open)
    var status = stat()
    guard fstat(file.number, &status) == 0 else {
      throw FileError(.read, path: path, code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(.read, path: path, code: EISDIR, problem: "it is no regular file")
    }
    guard status.st_size <= limit else {
      throw FileError(
        .read, path: path, code: EFBIG,
        problem: "it has \(status.st_size) bytes, at most \(limit) are read")
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(file.number, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileError(.read, path: path, code: errno) }
      if count == 0 { break }
      filled += count
    }
    return Array(bytes[..<filled])
  }

  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
