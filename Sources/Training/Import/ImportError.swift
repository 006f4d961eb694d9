public import WeightFiles

/// Why other programs' weights do not become a checkpoint.
public enum ImportError: Error, Equatable, Sendable {
  case weights(WeightFileError)
  /// Neither a file nor a folder.
  case missingSource(path: String)
  /// A model's folder without a file that has to be in it.
  case missingFile(path: String, use: String)
  /// A JSON file of a model's folder that cannot be used.
  case damagedDescription(path: String, problem: String)
  /// A folder of another kind of model.
  case otherArchitecture(path: String, found: String)
  /// Weights of a kind that is not imported; `advice` says what to do.
  case unsupported(place: String, found: String, advice: String)
  case missingTower(path: String, tower: String, advice: String)
  case missingTensors(path: String, names: [String])
  /// Tensors that nothing is known of.
  case unexpectedTensors(path: String, names: [String])
  case wrongShape(path: String, name: String, found: [Int], expected: [Int])
  /// Parts that are not of one model.
  case mixedSizes(path: String, found: String, expected: String)
  /// Widths that were not published with a number of heads.
  case unknownHeads(path: String, tower: String, width: Int, option: String)
  case noVocabulary(path: String)
  case vocabularyLength(path: String, found: Int, expected: Int)
  case notFinite(path: String, name: String, notANumber: Int, infinite: Int)
  /// An output that would replace what is being read.
  case replacesSource(path: String)
}

extension ImportError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missingSource(let path):
      "\(path): there is no such file or folder. A model on this machine was expected. Check the "
        + "path. Nothing is downloaded: what is on a hub is fetched first, for instance with `hf "
        + "download OWNER/NAME --local-dir FOLDER`."
    case .weights(let error):
      error.description
    case .missingFile(let path, let use):
      "\(path): there is no such file. \(use) was expected. Give the folder as it was published."
    case .damagedDescription(let path, let problem):
      "\(path): \(problem). A file as transformers writes it was expected. Fetch it again."
    case .otherArchitecture(let path, let found):
      "\(path): this is a model of type `\(found)`. `chinese_clip` was expected. "
        + "Give a folder of a ChineseCLIPModel."
    case .unsupported(let place, let found, let advice):
      "\(place): found \(found), which is not imported. \(advice)"
    case .missingTower(let path, let tower, let advice):
      "\(path): there is no \(tower) tower in it. Both towers were expected. \(advice)"
    case .missingTensors(let path, let names):
      "\(path): \(Self.list(names)) missing. All weights of the model were expected. "
        + "Use a whole file."
    case .unexpectedTensors(let path, let names):
      "\(path): \(Self.list(names)) part of no model that is known here. Only a Chinese-CLIP's "
        + "weights were expected. Use a file of that model, or take these out."
    case .wrongShape(let path, let name, let found, let expected):
      "\(path): `\(name)` is \(found), \(expected) was expected of a model of this size. "
        + "Use a file whose parts belong together."
    case .mixedSizes(let path, let found, let expected):
      "\(path): \(found). \(expected) was expected. Use parts of one model, of one size."
    case .unknownHeads(let path, let tower, let width, let option):
      "\(path): the \(tower) tower has the width \(width), which was not published, and weights do "
        + "not show how many heads share it. A published size, or a width of heads that divides "
        + "this, was expected. Give that with `\(option)`."
    case .noVocabulary(let path):
      "\(path): there is no such file, and the weights hold no vocabulary. The model's vocab.txt "
        + "was expected beside them. Copy it there or give it with `--vocabulary FILE`; for "
        + "Chinese-CLIP that is recipes/data/bert-chinese/vocab.txt in duiqi's sources."
    case .vocabularyLength(let path, let found, let expected):
      "\(path): the vocabulary has \(found) entries. The text tower has rows for \(expected). "
        + "Give the vocabulary that the model was made with."
    case .notFinite(let path, let name, let notANumber, let infinite):
      "\(path): `\(name)` holds \(notANumber) that are no numbers and \(infinite) that are "
        + "infinite. Finite weights were expected. Use a sound file, or take them as they are with "
        + "`--allow-nonfinite`."
    case .replacesSource(let path):
      "\(path): the output is the file that is imported. Another name was expected. Choose one."
    }
  }

  /// Whether the command line can be at fault: exit code 2 instead of 1.
  var isUsageError: Bool {
    switch self {
    case .unknownHeads, .noVocabulary, .replacesSource: true
    default: false
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(5).map { "`\($0)`" }.joined(separator: ", ")
    let rest = names.count > 5 ? " and \(names.count - 5) more" : ""
    return "\(shown)\(rest) \(names.count == 1 ? "is" : "are")"
  }
}
