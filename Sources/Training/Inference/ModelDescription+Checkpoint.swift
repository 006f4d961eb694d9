internal import Autodiff
internal import Checkpoints
internal import Models

extension ModelDescription {
  /// What a checkpoint says of its model, after its tensors were found to be just those that such
  /// a model has: no memory is taken for what a configuration asks for and the file does not have.
  init(_ reader: CheckpointReader) throws(ModelError) {
    try self.init(
      configuration: reader.document.configuration,
      preprocessing: reader.document.preprocessing, file: reader.path)
    do throws(CheckpointError) {
      try reader.requireTensors(
        DualEncoder(configuration).parameters.map { ($0.path, $0.sizes) }, in: .parameters)
    } catch {
      throw .checkpoint(error)
    }
  }
}
