public import Autodiff
public import CPUDevice
public import Checkpoints
public import DurableFiles
public import ONNXExport
public import PairData
public import Tokenizers
public import WeightFiles

/// Why a model cannot be made, loaded or trained.
public enum ModelError: Error, Sendable {
  case checkpoint(CheckpointError)
  case data(PairDataError)
  case recipe(RecipeError)
  case vocabulary(path: String, TokenizerError)
  case file(FileError)
  case device(DeviceError)
  /// A level of instructions that was asked for and cannot be used.
  case instructions(InstructionError)
  case unknownFamily(file: String, found: String)
  case damagedDescription(file: String, member: String, problem: String)
  /// A recipe that cannot work with what it names.
  case mismatch(found: String, expected: String, advice: String)
  /// Losses or gradients that were not finite, too often in a row.
  case notFinite(step: Int, inARow: Int, keys: [String])
  /// A graph that cannot be exported, or a model file that cannot be written or read.
  case onnx(ONNXError)
  /// A line of a text file that is not UTF-8, or too long; from 1.
  case unreadableLine(path: String, line: Int, problem: String)
  /// A search index that is not whole, or not the one that its parts belong to.
  case damagedIndex(path: String, problem: String)
  /// Files that are not what they should be; each is named before.
  case damagedFiles(count: Int, of: Int)
  /// Weights for other programs that cannot be written.
  case weights(WeightFileError)
  /// Other programs' weights that do not become a checkpoint.
  case importing(ImportError)
  /// A signal ended work that leaves nothing half-done.
  case interrupted(signal: Int32)
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
    case .instructions(let error): error.description
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
    case .onnx(let error): error.description
    case .unreadableLine(let path, let line, let problem):
      "\(path):\(line): \(problem). A text a line was expected, UTF-8. Correct the file."
    case .damagedIndex(let path, let problem):
      "\(path): \(problem). A whole index that `duiqi index` wrote was expected. Make it again."
    case .damagedFiles(let count, let total):
      "\(count) of \(FixedText.count(total, "file")) \(count == 1 ? "is" : "are") not whole. Whole "
        + "files were expected. Fetch or make them again."
    case .weights(let error): error.description
    case .importing(let error): error.description
    case .interrupted(let signal):
      "Signal \(signal) stopped the work. It was expected to go on to its end; nothing was "
        + "written. Start it again."
    }
  }

  /// Whether the recipe or the command line is at fault: exit code 2 instead of 1.
  public var isUsageError: Bool {
    switch self {
    case .recipe, .mismatch, .instructions: true
    case .importing(let error): error.isUsageError
    case .data(let error):
      switch error {
      case .invalidPattern, .patternTooLarge, .noShards, .invalidCaptionSelector,
        .missingCaptionField:
        true
      default: false
      }
    default: false
    }
  }
}
