internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import Models

/// A checkpoint's image tower that a run's own learns from. It is never trained.
final class Teacher {
  /// The digest over its checkpoint's parameters, hexadecimal: what tells one teacher from another,
  /// wherever it lies.
  let sha256: String
  let embedder: ImageEmbedder
  /// What the features depend on.
  let loaded: LoadedModel
  /// Of the image tower; the text tower stays in the file.
  let parameterBytes: Int

  /// - Parameters:
  ///   - path: the checkpoint.
  ///   - student: the teacher is given its pictures as they are: prepared and augmented for it.
  ///   - prober: see ``UserCheckpoint``.
  init(
    _ path: String, of student: ModelDescription, on device: CPUDevice, imagesPerChunk: Int,
    prober: String?
  ) throws(ModelError) {
    let reader = try UserCheckpoint.verified(path, prober: prober)
    var description = try ModelDescription(reader)
    let updates = description.configuration.lowRankUpdates
    description.configuration.lowRankUpdates = nil
    let (own, needed) = (
      description.configuration.image.imageSize, student.configuration.image.imageSize
    )
    guard own == needed else {
      throw .mismatch(
        found: "The teacher \(path) takes pictures of \(own) pixels a side",
        expected: "It is shown the student's, which have \(needed)",
        advice: "Choose a teacher for that size, or train at the teacher's.")
    }
    let model = DualEncoder(description.configuration)
    loaded = LoadedModel(
      description,
      tokenizer: try LoadedModel.tokenizer(
        reader.document.vocabulary, path: path,
        expected: description.configuration.text.vocabularyCount),
      device: device, layout: ParameterLayout(trained: [], locked: model.image.parameters))
    try loaded.read(
      model.image.parameters, from: CheckpointParameters(reader, merging: updates))
    do throws(DeviceError) {
      embedder = try ImageEmbedder(
        model, .features, on: device, parameters: loaded.parameters,
        imagesPerChunk: imagesPerChunk)
    } catch {
      throw .device(error)
    }
    parameterBytes = 4 * loaded.parameters.layout.elementCount
    sha256 = reader.sha256
  }
}
