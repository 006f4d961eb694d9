internal import Glibc
internal import Synchronization

/// Standard output for results, standard error for people.
enum Terminal {
  private static let isOutputClosed = Atomic<Bool>(false)

  /// Whether the reader of standard output went away; long output can stop then.
  static var hasNoReader: Bool { isOutputClosed.load(ordering: .relaxed) }

  /// Writes to standard output; nothing more once its reader went away.
  static func write(_ text: String) throws(CommandFailure) {
    guard !hasNoReader else { return }
    let code = write(text, to: STDOUT_FILENO)
    if code == EPIPE {
      isOutputClosed.store(true, ordering: .relaxed)
    } else if code != 0 {
      throw .output(code: code)
    }
  }

  /// Writes to standard error, where nobody can be told of a failure.
  static func writeError(_ text: String) {
    _ = write(text, to: STDERR_FILENO)
  }

  /// - Returns: 0, or the system's error number.
  private static func write(_ text: String, to descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0 {
          if errno == EINTR { continue }
          return errno
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
      return 0
    }
  }
}
