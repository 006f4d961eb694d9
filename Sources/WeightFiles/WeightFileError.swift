public import DurableFiles

/// Why a weight file, or one of its tensors, is not read.
public enum WeightFileError: Error, Equatable, Sendable {
  case file(FileError)
  /// The first bytes belong to no format that is read here.
  case unknownFormat(path: String, found: String)
  /// A pickle names something outside the allow-list; it was not looked up and nothing ran.
  case forbiddenGlobal(place: String, name: String, offset: Int)
  /// The bytes break their own format; `place` is the file, the part of it and the byte.
  case malformed(place: String, found: String, expected: String)
  /// The bytes may be in order, but more than this reader takes on.
  case beyondLimit(place: String, found: String, limit: String)
  /// A lawful form that is not read here; `remedy` says how to come to one that is.
  case unsupported(place: String, found: String, remedy: String)
  case noSuchTensor(path: String, name: String)
  /// A number to be written where only whole ones can be.
  case notWhole(path: String, name: String, found: Float)
}

extension WeightFileError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error):
      error.description
    case .unknownFormat(let path, let found):
      "\(path): found \(found). A safetensors file or one that torch.save or torch.jit.save wrote "
        + "was expected. Check the path."
    case .forbiddenGlobal(let place, let name, let offset):
      "\(place): byte \(offset) names `\(name)`. Only tensors and plain containers were expected; "
        + "nothing was run. Do not trust this file; if it is yours, save its state dict alone."
    case .malformed(let place, let found, let expected):
      "\(place): found \(found). Expected was \(expected). The file is damaged or was made to "
        + "mislead: fetch or write it again."
    case .beyondLimit(let place, let found, let limit):
      "\(place): found \(found). At most \(limit) was expected. Save the state dict alone, "
        + "or in several files."
    case .unsupported(let place, let found, let remedy):
      "\(place): found \(found), which is not read here. \(remedy)"
    case .notWhole(let path, let name, let found):
      "\(path): `\(name)` would be \(found). A whole number was expected, as PyTorch has it there. "
        + "Write weights whose counts are whole."
    case .noSuchTensor(let path, let name):
      "\(path): there is no tensor `\(name)`. One of the listed names was expected. "
        + "Check the name against the listing."
    }
  }
}
