internal import Glibc

/// An open file that closes itself.
struct FileDescriptor: ~Copyable {
  /// What one call writes at most. Linux 6.18 on ext4 takes ten times as long for the same bytes in
  /// calls of 64 MiB, because it gathers them in larger and larger pieces of memory.
  private static let writeBytes = 1 << 20

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
      let count = Glibc.write(number, rest.baseAddress, min(rest.count, Self.writeBytes))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(.write, path: path, code: errno)
      }
      // No system we know takes nothing of something; waiting for it could take for ever.
      guard count > 0 else { throw FileError(.write, path: path, code: EIO) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// Writes all of it from an offset on, wherever the file stands.
  func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        pwrite(number, all.baseAddress.map { $0 + done }, all.count - done, offset + done)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw FileError(.write, path: path, code: count < 0 ? errno : EIO)
      }
      done += count
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

  /// The size of a regular file.
  ///
  /// - Throws: ``FileError`` for anything else, such as a pipe, which could keep a reader waiting.
  func regularByteCount() throws(FileError) -> Int {
    var status = stat()
    guard fstat(number, &status) == 0 else { throw FileError(.read, path: path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(.read, path: path, code: EISDIR, problem: "it is no regular file")
    }
    return Int(status.st_size)
  }

  /// Reads bytes from where the file stands; fewer where it ends before.
  func read(count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let added = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(number, buffer.baseAddress.map { $0 + filled }, count - filled)
      }
      if added < 0, errno == EINTR { continue }
      guard added >= 0 else { throw FileError(.read, path: path, code: errno) }
      if added == 0 { break }
      filled += added
    }
    return Array(bytes[..<filled])
  }

  /// Whether a path leads to this file, which others may have deleted or replaced since.
  func isAt(_ path: String) -> Bool {
    var (own, other) = (stat(), stat())
    return fstat(number, &own) == 0 && stat(path, &other) == 0 && own.st_ino == other.st_ino
      && own.st_dev == other.st_dev
  }

  /// Whether it is a regular file that has no second name.
  var isOnlyName: Bool {
    var status = stat()
    return fstat(number, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      && status.st_nlink == 1
  }

  func flush() throws(FileError) {
    guard fsync(number) == 0 else { throw FileError(.flush, path: path, code: errno) }
  }
}
