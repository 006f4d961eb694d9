internal import Checkpoints
internal import DurableFiles

extension ModelError {
  /// The path of a file that could not be opened or read at all; nothing for other errors.
  public var unreadablePath: String? {
    switch self {
    case .file(let error) where error.operation == .open || error.operation == .read: error.path
    case .checkpoint(.missing(let path)): path
    default: nil
    }
  }
}
