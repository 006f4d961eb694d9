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

  /// Fills the target from an offset on. - Throws: ``FileError`` also where the file is shorter.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < target.count {
      let count = pread(
        number, target.baseAddress.map { $0 + done }, target.count - done, offset + done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw FileError(
          .read, path: path, code: count < 0 ? errno : EINVAL,
          problem: count < 0 ? nil : "it ends before byte \(offset + target.count)")
      }
      done += count
    }
  }

  func flush() throws(FileError) {
    guard fsync(number) == 0 else { throw FileError(.flush, path: path, code: errno) }
  }
}
