public import DurableFiles

/// Why a checkpoint cannot be written, read or used.
public enum CheckpointError: Error, Equatable, Sendable {
  /// A step of writing or opening that the system refused.
  case file(FileError)
  case missing(path: String)
  case notHDF5(path: String)
  /// Shorter than it says it is, or never finished.
  case truncated(path: String, problem: String)
  /// Refused by the HDF5 library for another reason.
  case unreadable(path: String, problem: String)
  /// HDF5, but not one of our checkpoints.
  case foreign(path: String, problem: String)
  case newerFormat(path: String, found: Int64, supported: Int64)
  /// A member whose bytes are not those that were written.
  case damaged(path: String, member: String, problem: String)
  case missingMember(path: String, member: String)
  case unexpectedMember(path: String, member: String)
  case wrongShape(path: String, member: String, found: [Int], expected: [Int])
  /// What a file from elsewhere did to the process that tried it first.
  case crashedProbe(path: String, problem: String)
  /// What that process said; its words say what to do.
  case refusedByProbe(path: String, problem: String)
  /// A file that does something that no checkpoint of ours does.
  case forbidden(path: String, member: String, problem: String)
  /// Too little room on the disk, found before writing.
  case notEnoughRoom(folder: String, needed: Int, free: Int)
}

extension CheckpointError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error):
      return error.description
    case .missing(let path):
      return
        "\(path): there is no checkpoint. A file or a run's folder was expected. Check the path."
    case .notHDF5(let path):
      return "\(path): this is no HDF5 file. A duiqi checkpoint was expected. Check the path; "
        + "make one of another program's file by `duiqi import`."
    case .truncated(let path, let problem):
      return "\(path): this file is cut short (\(problem)). A whole checkpoint was expected. "
        + "Use an older checkpoint of the run, or copy the file again."
    case .unreadable(let path, let problem):
      return "\(path): this cannot be read as HDF5 (\(problem)). A whole checkpoint file was "
        + "expected. Use an older checkpoint of the run, or copy the file again."
    case .foreign(let path, let problem):
      return "\(path): \(problem). A duiqi checkpoint was expected. "
        + "Make one of another program's file by `duiqi import`."
    case .newerFormat(let path, let found, let supported):
      return "\(path): checkpoint format \(found). Up to \(supported) is read here. "
        + "Use a newer duiqi."
    case .damaged(let path, let member, let problem):
      return "\(path): `\(member)` is damaged: \(problem). The bytes that were written were "
        + "expected. Use an older checkpoint of the run, or copy the file again."
    case .missingMember(let path, let member):
      return "\(path): `\(member)` is missing. This model needs it. "
        + "Use a checkpoint of the same model."
    case .unexpectedMember(let path, let member):
      return "\(path): `\(member)` is not part of this model. Only the model's own parameters were "
        + "expected. Use a checkpoint of the same model."
    case .wrongShape(let path, let member, let found, let expected):
      return "\(path): `\(member)` is \(found), \(expected) was expected. "
        + "Use a checkpoint of the same model."
    case .crashedProbe(let path, let problem):
      return "\(path): the process that tried this file \(problem). A file that reads without "
        + "trouble was expected. Do not open it: it is badly damaged or made to do harm."
    case .refusedByProbe(_, let problem):
      return problem
    case .forbidden(let path, let member, let problem):
      return "\(path): `\(member)` \(problem). Plain datasets were expected. "
        + "Do not open this file: it was made to do something else."
    case .notEnoughRoom(let folder, let needed, let free):
      return "\(folder): \(free) bytes are free, a checkpoint needs \(needed). "
        + "Free some room or use another folder."
    }
  }
}
