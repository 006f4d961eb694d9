public import Autodiff
public import Checkpoints
public import DurableFiles
public import PairData
public import Tokenizers

/// Why a model cannot be made, loaded or trained.
public enum ModelError: Error, Sendable {
  case checkpoint(CheckpointError)
  case data(PairDataError)
  case recipe(RecipeError)
  case vocabulary(path: String, TokenizerError)
  case file(FileError)
  case device(DeviceError)
  case unknownFamily(file: String, found: String)
  case damagedDescription(file: String, member: String, problem: String)
  /// A recipe that cannot work with what it names.
  case mismatch(found: String, expected: String, advice: String)
  /// Losses or gradients that were not finite, too often in a row.
  case notFinite(step: Int, inARow: Int, keys: [String])
}

extension ModelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .checkpoint(let error): error.description
    case .data(let error): "\(error)"
    case .recipe(let error): error.description
    case .vocabulary(let path, let error): "\(path): \(error)"
    case .file(let error): error.description
    case .device(let error): error.description
    case .unknownFamily(let file, let found):
      "\(file): the model family is `\(found)`. `\(ModelDescription.family)` was expected. "
        + "Use a newer duiqi."
    case .damagedDescription(let file, let member, let problem):
      "\(file): `\(member)` cannot be used: \(problem). What duiqi writes there was expected. "
        + "Use another checkpoint."
    case .mismatch(let found, let expected, let advice):
      "\(found). \(expected). \(advice)"
    case .notFinite(let step, let inARow, let keys):
      "Step \(step): the loss or a gradient is not finite, \(inARow) steps in a row; none of them "
        + "changed a parameter. Finite numbers were expected. Look at the pairs "
        + "\(keys.prefix(8).joined(separator: ", "))\(keys.count > 8 ? ", …" : "") and at the "
        + "learning rate; the last checkpoint is unharmed."
    }
  }

  /// Whether the recipe or the command line is at fault: exit code 2 instead of 1.
  public var isUsageError: Bool {
    switch self {
    case .recipe, .mismatch: true
    case .data(let error):
      switch error {
      case .invalidPattern, .patternTooLarge, .noShards, .invalidCaptionSelector: true
      default: false
      }
    default: false
    }
  }
}
