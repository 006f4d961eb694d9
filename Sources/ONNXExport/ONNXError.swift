public import DurableFiles

/// Why a graph has no ONNX form, or a model cannot be written.
public enum ONNXError: Error, Equatable {
  /// These operations have no ONNX face, or not as they are used here: each with its reason.
  case notExportable([String])
  /// A parameter's values do not fit its shape.
  case wrongValueCount(path: String, found: Int, expected: Int)
  /// Even with the weights in a file of their own, the model's message is too long for protobuf.
  case tooLarge(byteCount: Int, limit: Int)
  /// A file is no whole ONNX model.
  case unreadable(path: String, problem: String)
  /// A file could not be written or read.
  case file(FileError)
}

extension ONNXError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notExportable(let reasons):
      "The graph cannot become an ONNX model: \(reasons.joined(separator: "; ")). Models are "
        + "written from inference graphs only. Capture the encoder without dropout, with a padded "
        + "or equal token layout, and export that."
    case .wrongValueCount(let path, let found, let expected):
      "The parameter \(path) was given \(found) values, the graph says \(expected). Export with "
        + "the configuration that the parameters were trained with."
    case .tooLarge(let byteCount, let limit):
      "The model needs a message of \(byteCount) bytes beside its weights, protobuf allows "
        + "\(limit). Export a model with fewer operations."
    case .unreadable(let path, let problem):
      "\(path): this cannot be read as an ONNX model (\(problem)). A whole model file was "
        + "expected. Export it again, or check the path."
    case .file(let error): error.description
    }
  }
}
