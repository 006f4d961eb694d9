/// Why an event file cannot be written.
public enum TensorBoardError: Error, Equatable {
  /// A call on the file or its folder failed with this system error number.
  case file(path: String, action: String, code: Int32, reason: String)
  /// More than 1,000 event files of other processes took the names that were tried.
  case noFreeName(folder: String)
}

extension TensorBoardError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let path, let action, _, let reason):
      "\(path) cannot be \(action): \(reason). TensorBoard's events go into the run's log folder. "
        + "Make room or give the folder write permission, then resume the run."
    case .noFreeName(let folder):
      "\(folder) has no free name for an event file. Names end in the time and one is expected "
        + "to be free within 1,000 seconds. Set the clock, or move old event files away."
    }
  }
}
