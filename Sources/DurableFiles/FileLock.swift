internal import Glibc

/// One process at a time; let go when the object or the process ends, however it ends.
public final class FileLock: Sendable {
  private let file: FileDescriptor

  /// - Throws: ``FileError`` that names the process that holds the lock.
  public init(_ path: String) throws(FileError) {
    file = try FileDescriptor(path, flags: O_RDWR | O_CREAT, operation: .lock)
    guard flock(file.number, LOCK_EX | LOCK_NB) == 0 else {
      guard errno == EWOULDBLOCK else { throw FileError(.lock, path: path, code: errno) }
      let holder = (try? FileContents.read(path, limit: 64)).map {
        String(decoding: $0, as: UTF8.self)
      }
      throw FileError(
        .lock, path: path, code: EWOULDBLOCK,
        problem: "process \(holder ?? "?") is using this folder")
    }
    // The number only helps a reader of the message; the lock itself is the system's.
    _ = ftruncate(file.number, 0)
    let text = Array("\(getpid())".utf8)
    _ = text.withUnsafeBytes { Glibc.write(file.number, $0.baseAddress, $0.count) }
  }
}
