internal import Autodiff
internal import CPUDevice
internal import Models
internal import ONNXExport
internal import PairData
internal import Tokenizers

extension CheckpointModel {
  /// Writes both encoders, the tokenizer and the preparation of pictures for others to use.
  ///
  /// `text_encoder.onnx` takes `input_ids` and `attention_mask`, int64 [batch, length], and gives
  /// `text_embeds`; `image_encoder.onnx` takes `pixel_values`, Float32 [batch, 3, size, size], and
  /// gives `image_embeds`; both of unit length.
  ///
  /// - Returns: the paths of the files written.
  public func exportONNX(to folder: String) throws(ModelError) -> [String] {
    try OutputFolder.make(folder, for: .export)
    var paths: [String]
    do throws(ONNXError) {
      paths = try imageEncoder().write(to: "\(folder)/image_encoder.onnx") { values(of: $0) }
      paths += try textEncoder().write(to: "\(folder)/text_encoder.onnx") { values(of: $0) }
    } catch {
      throw .onnx(error)
    }
    return try paths + writeFiles(companionFiles, to: folder)
  }

  private func imageEncoder() throws(ONNXError) -> ONNXModel {
    let graph = Graph()
    let model = loaded.model
    let output = model.imageEmbeddings(graph.input("pixel_values", model.pixelShape))
    return try ONNXModel(
      graph: graph, name: "image_encoder", outputs: [("image_embeds", output)],
      axisNames: [(.images, "batch")], metadata: metadata)
  }

  private func textEncoder() throws(ONNXError) -> ONNXModel {
    let graph = Graph()
    let ids = graph.input("input_ids", [Extent(.batch), Extent(.length)], .int32)
    let output = loaded.model.textEmbeddings(ids, layout: .padded(in: graph))
    return try ONNXModel(
      graph: graph, name: "text_encoder", outputs: [("text_embeds", output)], metadata: metadata)
  }

  func values(of path: String) -> [Float] { Array(loaded.parameters.storage(of: path)) }

  /// What travels with each encoder; lists are JSON.
  var metadata: [ONNXModel.Metadata] {
    let description = loaded.description
    let list = { (numbers: [Float]) in JSONText.array(numbers.map { .single($0) }).line }
    return [
      .init("duiqi.family", ModelDescription.family),
      .init("duiqi.context_length", "\(description.contextLength)"),
      .init("duiqi.image_size", "\(description.configuration.image.imageSize)"),
      .init("duiqi.image_mean", list(description.normalization.mean)),
      .init("duiqi.image_std", list(description.normalization.deviation)),
      .init("duiqi.resize_mode", "squash"),
      .init("duiqi.interpolation", "bicubic"),
      .init("duiqi.logit_scale", JSONText.single(logitScale).line),
      .init("duiqi.checkpoint_sha256", sha256),
      .init("duiqi.version", ToolVersion.current),
    ]
  }

  var companionFiles: [(name: String, bytes: [UInt8])] {
    let description = loaded.description
    let tokenizer = TokenizerFiles(loaded.tokenizer, contextLength: description.contextLength)
    return [
      ("vocab.txt", loaded.tokenizer.vocabularyBytes),
      ("tokenizer.json", Array((tokenizer.tokenizer.line + "\n").utf8)),
      ("tokenizer_config.json", Array((tokenizer.configuration.line + "\n").utf8)),
      // Entries here would be cut out of texts before the tokenizer sees them.
      ("special_tokens_map.json", Array("{}\n".utf8)),
      ("preprocessor_config.json", Array((description.preprocessorFile.line + "\n").utf8)),
    ]
  }
}
