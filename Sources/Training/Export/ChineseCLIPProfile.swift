internal import Autodiff
internal import Models
internal import ONNXExport
internal import Tokenizers
internal import WeightFiles

extension CheckpointModel {
  /// Writes what Chinese-CLIP's own programs read: a `.pt` for its loader and for its training, and
  /// the two ONNX files of its deployment.
  ///
  /// The ONNX files take one text of the checkpoint's context length, or one picture, and give
  /// features that are not of unit length, as the original's do (`cn_clip/deploy`).
  ///
  /// - Returns: the paths of the files written.
  public func exportChineseCLIP(
    to folder: String, progress: Progress = { _, _, _ in }
  ) throws(ModelError) -> [String] {
    let name = loaded.description.configuration.originalName
    let encoders = ["img", "txt"].map { "\(name).\($0).fp32.onnx" }
    try OutputFolder.make(folder, for: .export)
    let all = tensors(ChineseCLIP.entries(for: loaded.description.configuration))
    // As the original orders them: what belongs to no tower first.
    let tensors = all.filter { !$0.key.contains(".") } + all.filter { $0.key.contains(".") }
    let path = "\(folder)/clip_cn_\(name).pt"
    let draft: TorchArchiveDraft
    do throws(WeightFileError) {
      // The loader takes off the prefix where the first name has it; the training insists on it.
      draft = try TorchArchiveDraft(
        path, values: [("epoch", .integer(0)), ("step", .integer(0)), ("name", .text("duiqi"))],
        stateKey: "state_dict",
        tensors: tensors.map { $0.announced(as: "module.\($0.key)") })
    } catch {
      throw .weights(error)
    }
    try add(tensors, to: draft, progress: progress)
    var paths: [String]
    do throws(ONNXError) {
      // A weight file of an earlier export is replaced, not added to.
      paths = try originalImageEncoder().write(
        to: "\(folder)/\(encoders[0])", dataSuffix: ".extra_file"
      ) { values(of: $0) }
      paths += try originalTextEncoder().write(
        to: "\(folder)/\(encoders[1])", dataSuffix: ".extra_file"
      ) { values(of: $0) }
    } catch {
      throw .onnx(error)
    }
    paths += try writeFiles([("vocab.txt", loaded.tokenizer.vocabularyBytes)], to: folder)
    do throws(WeightFileError) {
      try draft.publish()
    } catch {
      throw .weights(error)
    }
    return paths + [path]
  }

  /// How the original's loader is called for what ``exportChineseCLIP(to:progress:)`` wrote.
  public func chineseCLIPLoading(from folder: String) -> String {
    let configuration = loaded.description.configuration
    let file = "\(folder)/clip_cn_\(configuration.originalName).pt"
    guard let name = configuration.publishedName else {
      return
        "the original has no configuration of this size: its loader takes \(file) once there is "
        + "one for each tower among its model_configs"
    }
    let towers = name.split(separator: "@")
    return
      "load it by: cn_clip.clip.load_from_name(\"\(file)\", vision_model_name=\"\(towers[0])\", "
      + "text_model_name=\"\(towers[1])\", input_resolution=\(configuration.image.imageSize))"
  }

  private func originalImageEncoder() throws(ONNXError) -> ONNXModel {
    let graph = Graph()
    let output = loaded.model.image(graph.input("image", loaded.model.pixelShape))
    return try ONNXModel(
      graph: graph, name: "image_encoder", outputs: [("unnorm_image_features", output)],
      operatorSet: .v13, axisSizes: [(.images, 1)], metadata: metadata)
  }

  private func originalTextEncoder() throws(ONNXError) -> ONNXModel {
    let graph = Graph()
    let ids = graph.input("text", [Extent(.batch), Extent(.length)], .int32)
    let output = loaded.model.text(ids, layout: .padded(in: graph))
    var model = try ONNXModel(
      graph: graph, name: "text_encoder", outputs: [("unnorm_text_features", output)],
      operatorSet: .v13,
      axisSizes: [(.batch, 1), (.length, loaded.description.contextLength)], metadata: metadata)
    model.computeMask(
      "attention_mask", from: "text", paddingID: Int(loaded.tokenizer.paddingID))
    return model
  }
}

extension DualEncoder.Configuration {
  /// What the original's files of this size are called, without its ending.
  fileprivate var originalName: String {
    publishedName.map { String($0.prefix { $0 != "@" }).lowercased() } ?? "model"
  }
}
