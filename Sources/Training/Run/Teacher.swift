internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import Models

/// A checkpoint's image tower that a run's own learns from. It is never trained.
final class Teacher {
  /// What tells one teacher from another, wherever its checkpoint lies; see
  /// ``CheckpointParameters/sha256``.
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
    let source = try CheckpointParameters(
      merging: try UserCheckpoint.verified(path, prober: prober))
    let description = source.description
    let (own, needed) = (
      description.configuration.image.imageSize, student.configuration.image.imageSize
    )
    guard own == needed else {
      throw .mismatch(
        found: "The teacher \(path) takes pictures of \(own) pixels a side",
        expected: "It is shown the student's, which have \(needed)",
        advice: "Choose a teacher for that size, or train at the teacher's.")
    }
    guard description.normalization == student.normalization else {
      throw .mismatch(
        found: "The teacher \(path) takes pixels normalized by \(description.normalization)",
        expected: "It is shown the student's, normalized by \(student.normalization)",
        advice: "Choose a teacher whose pictures are prepared as the student's.")
    }
    let model = DualEncoder(description.configuration)
    loaded = try LoadedModel(
      description, tokenizer: try source.tokenizer(), device: device,
      layout: ParameterLayout(trained: [], locked: model.image.parameters))
    try loaded.read(model.image.parameters, from: source)
    do throws(DeviceError) {
      embedder = try ImageEmbedder(
        model, .features, on: device, parameters: loaded.parameters,
        imagesPerChunk: imagesPerChunk)
    } catch {
      throw .device(error)
    }
    parameterBytes = 4 * loaded.parameters.layout.elementCount
    sha256 = source.sha256
  }
}
