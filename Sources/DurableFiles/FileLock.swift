internal import Glibc

/// One process at a time; let go when the object or the process ends, however it ends.
public final class FileLock: Sendable {
  /// So often a file may be deleted while it is being locked.
  private static let attemptLimit = 100

  private let file: FileDescriptor

  /// - Throws: ``FileError`` that names the process that holds the lock.
  public convenience init(_ path: String) throws(FileError) {
    try self.init(path) {}
  }

  /// - Parameter beforeLocking: done between opening the file and locking it, when others can
  ///   delete it and lock a new one of its name.
  init(_ path: String, beforeLocking: () -> Void) throws(FileError) {
    file = try Self.locked(path, beforeLocking)
    // The number only helps a reader of the message; the lock itself is the system's.
    _ = ftruncate(file.number, 0)
    let text = Array("\(getpid())".utf8)
    _ = text.withUnsafeBytes { Glibc.write(file.number, $0.baseAddress, $0.count) }
  }

  /// Opens and locks the file that is at the path afterwards: a lock on a deleted one keeps nobody
  /// out.
  private static func locked(
    _ path: String, _ beforeLocking: () -> Void
  ) throws(FileError) -> FileDescriptor {
    for _ in 0..<attemptLimit {
      let file = try FileDescriptor(path, flags: O_RDWR | O_CREAT, operation: .lock)
      beforeLocking()
      guard flock(file.number, LOCK_EX | LOCK_NB) == 0 else {
        guard errno == EWOULDBLOCK else { throw FileError(.lock, path: path, code: errno) }
        let holder = (try? FileContents.read(path, limit: 64)).map {
          String(decoding: $0, as: UTF8.self)
        }
        throw FileError(
          .lock, path: path, code: EWOULDBLOCK,
          problem: "process \(holder ?? "?") is using this folder")
      }
      if file.isAt(path) { return file }
    }
    throw FileError(
      .lock, path: path, code: ENOENT, problem: "it was deleted each time it was to be locked")
  }
}
