internal import Glibc

/// What the system refused to do with a file.
public struct FileError: Error, Equatable, Sendable {
  public enum Operation: String, Sendable {
    case open, create, read, write, flush, publish, remove, link, lock, list
  }

  public let operation: Operation
  public let path: String
  /// The system's `errno`.
  public let code: Int32
  /// Said instead of the system's words, where there are better ones.
  public let problem: String?

  public init(_ operation: Operation, path: String, code: Int32, problem: String? = nil) {
    self.operation = operation
    self.path = path
    self.code = code
    self.problem = problem
  }

  /// Why, in our words or the system's.
  public var reason: String { problem ?? String(cString: strerror(code)) }

  /// No room is left: the disk or a quota is full, or files may not grow so large.
  public var isDiskFull: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }
}

extension FileError: CustomStringConvertible {
  public var description: String {
    "\(path): cannot \(operation.rawValue): \(reason). \(remedy)"
  }

  private var remedy: String {
    switch code {
    case ENOSPC, EDQUOT: "Room on the disk was expected. Free some or use another folder."
    case EACCES, EPERM: "Permission was expected. Change it or use another folder."
    case EROFS: "A writable file system was expected. Use another folder."
    case ENOENT: "The file or its folder was expected to be there. Check the path."
    case EISDIR: "A regular file was expected. Check the path."
    case EFBIG: "A smaller file was expected. Check the path, or the limit on file sizes."
    case EWOULDBLOCK: "One process at a time was expected. Wait for it, or use another folder."
    case ENOTDIR: "A folder was expected in the path. Check the path."
    default: "Check the path and the disk."
    }
  }
}
