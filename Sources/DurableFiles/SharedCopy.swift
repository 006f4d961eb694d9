internal import Glibc

/// A second name for a file that is never changed in place, as checkpoints are not.
public enum SharedCopy {
  /// Publishes a file under another name: a hard link where the file system can, else a copy.
  public static func make(of source: String, at path: String) throws(FileError) {
    let temporary = TemporaryName.next(for: path)
    // A name that is a link, such as best.h5, stands for another file later on.
    if linkat(AT_FDCWD, source, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) == 0 {
      guard rename(temporary, path) == 0 else {
        let code = errno
        unlink(temporary)
        throw FileError(.publish, path: path, code: code)
      }
      // Renaming onto another name of the same file does nothing.
      unlink(temporary)
      try Folder.flush(Folder.parent(of: path))
      return
    }
    try copy(source, to: path)
  }

  static func copy(_ source: String, to path: String) throws(FileError) {
    let input = try FileDescriptor(source, flags: O_RDONLY, operation: .open)
    let output = try AtomicFile(path)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = Glibc.read(input.number, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileError(.read, path: source, code: errno) }
      if count == 0 { break }
      try buffer.withUnsafeBufferPointer { (bytes) throws(FileError) in
        try output.write(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[..<count])))
      }
    }
    try output.publish()
  }
}
