internal import DurableFiles
internal import Models
internal import Tokenizers
internal import WeightFiles

extension CheckpointModel {
  /// Writes a folder that `ChineseCLIPModel.from_pretrained` loads: configuration, weights as
  /// safetensors, tokenizer, preparation of pictures.
  ///
  /// - Returns: the paths of the files written.
  public func exportHuggingFace(
    to folder: String, progress: Progress = { _, _, _ in }
  ) throws(ModelError) -> [String] {
    guard case .visionTransformer(let image) = loaded.description.configuration.image else {
      throw .mismatch(
        found: "\(self.path): the image tower is a residual network",
        expected: "ChineseCLIPModel has vision transformers only",
        advice: "Use `--profile chinese-clip` or `--profile onnx`.")
    }
    try OutputFolder.make(folder, for: .export)
    let tensors = tensors(HuggingFaceChineseCLIP.entries(for: loaded.description.configuration))
    let path = "\(folder)/model.safetensors"
    let draft: SafetensorsDraft
    do throws(WeightFileError) {
      draft = try SafetensorsDraft(
        path, tensors: tensors.map { $0.announced(as: $0.key) },
        // Some versions of the library refuse a file that does not say for whom it is.
        metadata: ["format": "pt"])
    } catch {
      throw .weights(error)
    }
    try add(tensors, to: draft, progress: progress)
    let configuration = loaded.description.huggingFaceConfiguration(
      image, paddingID: Int(loaded.tokenizer.paddingID))
    let paths = try writeFiles(
      [("config.json", Array((configuration.line + "\n").utf8))] + companionFiles, to: folder)
    // Last, so that weights never stand beside the configuration of others.
    do throws(WeightFileError) {
      try draft.publish()
    } catch {
      throw .weights(error)
    }
    return paths + [path]
  }

  /// How the library is called for what ``exportHuggingFace(to:progress:)`` wrote.
  public func huggingFaceLoading(from folder: String) -> String {
    "load it by: transformers.ChineseCLIPModel.from_pretrained(\"\(folder)\"), "
      + "transformers.ChineseCLIPProcessor.from_pretrained(\"\(folder)\")"
  }

  /// Writes small files, each whole. - Returns: their paths.
  func writeFiles(
    _ files: [(name: String, bytes: [UInt8])], to folder: String
  ) throws(ModelError) -> [String] {
    var paths: [String] = []
    do throws(FileError) {
      for (name, bytes) in files {
        try AtomicFile.write(bytes, to: "\(folder)/\(name)")
        paths.append("\(folder)/\(name)")
      }
    } catch {
      throw .file(error)
    }
    return paths
  }
}
