internal import Autodiff
internal import Checkpoints
internal import DurableFiles
internal import Models
internal import Tokenizers

/// A checkpoint's parameters, as they are or with its low-rank updates merged into their weights.
struct CheckpointParameters {
  let reader: CheckpointReader
  /// The model whose parameters these are: without updates where those are merged.
  let description: ModelDescription
  /// What is merged; nothing where updates are parameters of their own.
  private let merged: LowRankUpdates?
  private let isMerging: Bool

  /// All parameters as the file has them.
  ///
  /// - Throws: `ModelError` for a file whose tensors are not those of the model it describes.
  init(asStored reader: CheckpointReader) throws(ModelError) {
    self.reader = reader
    description = try ModelDescription(reader)
    (merged, isMerging) = (nil, false)
  }

  /// Those of the layers as they are published, whatever was trained beside their weights.
  ///
  /// - Throws: `ModelError` for a file whose tensors are not those of the model it describes.
  init(merging reader: CheckpointReader) throws(ModelError) {
    self.reader = reader
    var description = try ModelDescription(reader)
    (merged, isMerging) = (description.configuration.lowRankUpdates, true)
    description.configuration.lowRankUpdates = nil
    self.description = description
  }

  /// The tokenizer of the checkpoint's vocabulary.
  func tokenizer() throws(ModelError) -> Tokenizer {
    try LoadedModel.tokenizer(
      reader.document.vocabulary, path: reader.path,
      expected: description.configuration.text.vocabularyCount)
  }

  /// What tells these parameters from others, hexadecimal: the digest over the checkpoint's, and
  /// over how much of its updates is added where there are some.
  var sha256: String {
    guard let merged else { return reader.sha256 }
    return SHA256.hexadecimal(SHA256.digest(Array("\(reader.sha256) \(merged.scale)".utf8)))
  }

  /// The paths of what is brought.
  var paths: [String] {
    let parts = Set(
      (merged?.layers ?? []).flatMap { layer in
        let parts = merged?.paths(ofLayer: layer)
        return [parts?.down, parts?.up].compactMap(\.self)
      })
    return reader.paths(in: .parameters).filter { !parts.contains($0) }
  }

  /// Whether a model's parameter comes from here; the updates of a new run start anew.
  func brings(_ parameter: Parameter) -> Bool { !isMerging || !parameter.isLowRankUpdate }

  /// Reads a parameter that is brought.
  func read(
    _ parameter: Parameter, into target: UnsafeMutableBufferPointer<Float>
  ) throws(CheckpointError) {
    try reader.read(parameter.path, in: .parameters, sizes: parameter.sizes, into: target)
    guard let merged, let layer = merged.layer(ofWeight: parameter.path) else { return }
    let parts = merged.paths(ofLayer: layer)
    let down = try values(of: parts.down, [merged.rank, parameter.sizes[1]])
    let up = try values(of: parts.up, [parameter.sizes[0], merged.rank])
    merged.merge(down: down, up: up, into: target)
  }

  private func values(of path: String, _ sizes: [Int]) throws(CheckpointError) -> [Float] {
    var values = [Float](repeating: 0, count: sizes.reduce(1, *))
    var failure: CheckpointError?
    values.withUnsafeMutableBufferPointer { target in
      do throws(CheckpointError) {
        try reader.read(path, in: .parameters, sizes: sizes, into: target)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }
}
