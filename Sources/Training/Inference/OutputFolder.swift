internal import DurableFiles

/// A folder that a command leaves its result in, beside files of the user's but not of another
/// command: which vectors belong to which lines would then be anyone's guess.
enum OutputFolder {
  enum Command: String, CaseIterable {
    case embed, index, export

    /// Files that only this command writes.
    fileprivate var signs: [String] {
      switch self {
      case .embed: EmbeddingFiles.texts + EmbeddingFiles.images
      case .index: [SearchIndexFiles.description] + SearchIndexFiles.digested
      case .export: ["image_encoder.onnx", "text_encoder.onnx", "model.safetensors"]
      }
    }
  }

  /// Makes the folder where it is missing, and removes what killed commands left in it.
  ///
  /// - Throws: `mismatch` where a result of another command is in it, which then stays as it is.
  static func make(_ path: String, for command: Command) throws(ModelError) {
    let found: [String]
    do throws(FileError) {
      try Folder.create(path)
      found = try Folder.names(in: path)
    } catch {
      throw .file(error)
    }
    for other in Command.allCases where other != command {
      guard let sign = found.first(where: other.signs.contains) else { continue }
      throw .mismatch(
        found: "\(path) has \(sign), a result of `duiqi \(other.rawValue)`",
        expected: "A folder without results of another command was expected",
        advice: "Give another folder as --output.")
    }
    AtomicFile.sweepAbandoned(in: path)
  }
}
