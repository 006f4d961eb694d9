internal import Glibc

/// A file open for reading at any offset; offsets are 64-bit, so files over 2 GiB work.
///
/// The descriptor never moves a shared position (`pread`), so any task may read at any time.
final class RandomAccessFile: Sendable {
  let path: String
  let status: FileStatus
  private let descriptor: CInt

  /// Opens a regular file. - Throws: `fileFailure`.
  init(path: String) throws(PairDataError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .fileFailure(action: .open, path: path, reason: lastSystemError())
    }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
      let reason = lastSystemError()
      _ = close(descriptor)
      throw .fileFailure(action: .open, path: path, reason: reason)
    }
    guard information.st_mode & S_IFMT == S_IFREG else {
      _ = close(descriptor)
      throw .fileFailure(action: .open, path: path, reason: "it is not a regular file")
    }
    self.path = path
    self.descriptor = descriptor
    self.status = FileStatus(information)
  }

  deinit {
    _ = close(descriptor)
  }

  /// Exactly `count` bytes from `offset` on.
  /// - Throws: `fileFailure`, also when the file is shorter.
  func bytes(at offset: Int64, count: Int) throws(PairDataError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    guard try read(into: &result, at: offset) == count else {
      throw .fileFailure(
        action: .read, path: path, reason: "the file ends before byte \(offset) + \(count)")
    }
    return result
  }

  /// Fills the buffer from `offset` on, as far as the file goes. - Returns: the bytes read.
  func read(into buffer: inout [UInt8], at offset: Int64) throws(PairDataError) -> Int {
    var done = 0
    while done < buffer.count {
      let (position, overflow) = offset.addingReportingOverflow(Int64(done))
      guard !overflow else { break }
      let count = buffer.withUnsafeMutableBytes { bytes in
        pread(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(position))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .fileFailure(action: .read, path: path, reason: lastSystemError())
      }
      if count == 0 { break }
      done += count
    }
    return done
  }
}

/// The size and time of change of a file, as far as they tell two states of it apart.
struct FileStatus: Equatable, Sendable {
  let bytes: Int64
  let modifiedSeconds: Int64
  let modifiedNanoseconds: Int64
  /// When the file or its entry was changed last; unlike the time above, nobody can set it.
  let changedSeconds: Int64
  let changedNanoseconds: Int64
  let inode: UInt64

  init(_ information: stat) {
    bytes = Int64(information.st_size)
    modifiedSeconds = Int64(information.st_mtim.tv_sec)
    modifiedNanoseconds = Int64(information.st_mtim.tv_nsec)
    changedSeconds = Int64(information.st_ctim.tv_sec)
    changedNanoseconds = Int64(information.st_ctim.tv_nsec)
    inode = UInt64(information.st_ino)
  }
}

/// The message of the C library for the last failed call of this thread.
func lastSystemError() -> String {
  String(cString: strerror(errno))
}
