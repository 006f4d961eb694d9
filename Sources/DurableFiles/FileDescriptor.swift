internal import Glibc

/// An open file that closes itself.
struct FileDescriptor: ~Copyable {
  let number: Int32
  let path: String

  init(
    _ path: String, flags: Int32, mode: mode_t = 0o666, operation: FileError.Operation
  ) throws(FileError) {
    let number = Glibc.open(path, flags | O_CLOEXEC, mode)
    guard number >= 0 else { throw FileError(operation, path: path, code: errno) }
    self.number = number
    self.path = path
  }

  deinit {
    close(number)
  }

  /// Writes all of it, however often the system interrupts or takes only a part.
  func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(number, rest.baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(.write, path: path, code: errno)
      }
      // No system we know takes nothing of something; waiting for it could take for ever.
      guard count > 0 else { throw FileError(.write, path: path, code: EIO) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  func flush() throws(FileError) {
    guard fsync(number) == 0 else { throw FileError(.flush, path: path, code: errno) }
  }
}
