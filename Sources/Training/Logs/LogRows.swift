internal import Glibc

/// The rows that a log has so far, for a thread that makes them durable while others come.
package final class LogRows: Sendable {
  private let path: String
  /// The log's file once more; nothing where there is none.
  private let descriptor: Int32?

  init(path: String, descriptor: Int32?) {
    self.path = path
    let copy = descriptor.map { fcntl($0, F_DUPFD_CLOEXEC, 0) } ?? -1
    self.descriptor = copy >= 0 ? copy : nil
  }

  deinit {
    if let descriptor { close(descriptor) }
  }

  /// - Returns: why the rows are not on the disk, if they are not.
  package func makeDurable() -> LogError? {
    guard let descriptor, fdatasync(descriptor) != 0 else { return nil }
    return .file(path: path, action: "made durable", code: errno)
  }
}
