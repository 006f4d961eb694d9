/// Why a run's log cannot be written. Training goes on without; the checkpoints matter more.
public enum LogError: Error, Equatable, Sendable {
  /// A call on the file failed with this system error number.
  case file(path: String, action: String, code: Int32)
}

extension LogError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let path, let action, let code):
      "\(path) cannot be \(action): \(SystemCall.reason(code)). The run's log folder is expected "
        + "to be writable and to have room. Make room or give permission; rows until then are lost."
    }
  }
}
