internal import Glibc

/// Calls on files that go on after an interruption and after a part.
enum SystemCall {
  /// What an error number means, in the system's words.
  static func reason(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Opens a file for the program alone to inherit nothing. - Returns: a descriptor or nothing.
  static func open(_ path: String, _ flags: Int32) -> Int32? {
    while true {
      let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return descriptor }
      guard errno == EINTR else { return nil }
    }
  }

  /// Writes all bytes. - Returns: whether it did; `errno` says why not.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count > 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if count == 0 || errno != EINTR {
        return false
      }
    }
    return true
  }

  /// Writes a text. - Returns: whether it did; `errno` says why not.
  static func write(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
  }

  /// Puts a whole file in place: written beside it, made durable, then renamed.
  ///
  /// - Throws: `LogError.file`; then nothing is left beside and the old file stays.
  static func replace(
    _ path: String, write body: (Int32) -> Bool
  ) throws(LogError) {
    let draft = "\(path).\(getpid()).draft"
    guard let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC) else {
      throw .file(path: path, action: "written", code: errno)
    }
    let isWritten = body(descriptor) && fsync(descriptor) == 0
    var code = errno
    close(descriptor)
    if isWritten {
      if rename(draft, path) == 0 { return }
      code = errno
    }
    unlink(draft)
    throw .file(path: path, action: "written", code: code)
  }
}
