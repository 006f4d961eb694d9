internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import Models
internal import PairData
internal import Synchronization
internal import Tokenizers

/// A model ready to compute: towers, parameters on a device, tokenizer, preparation of inputs.
final class LoadedModel {
  let description: ModelDescription
  let model: DualEncoder
  let tokenizer: Tokenizer
  let device: CPUDevice
  let parameters: CPUParameters

  init(
    _ description: ModelDescription, tokenizer: Tokenizer, device: CPUDevice,
    layout: ParameterLayout? = nil
  ) throws(ModelError) {
    self.description = description
    model = DualEncoder(description.configuration)
    self.tokenizer = tokenizer
    self.device = device
    let layout = layout ?? ParameterLayout(trained: [], locked: model.parameters)
    do throws(DeviceError) {
      try device.requireMemory(byteCount: 4 * (layout.elementCount + layout.trainedElementCount))
    } catch {
      throw .device(error)
    }
    parameters = device.makeParameters(layout)
  }

  /// Loads a checkpoint for inference: nothing is trained, low-rank updates are merged.
  convenience init(_ reader: CheckpointReader, device: CPUDevice) throws(ModelError) {
    let source = try CheckpointParameters(merging: reader)
    try self.init(source.description, tokenizer: try source.tokenizer(), device: device)
    try readParameters(from: source)
  }

  /// Takes all parameters that a checkpoint brings; the model must have all of these, and the
  /// checkpoint all of the others.
  ///
  /// - Parameter resizingPositions: whether the checkpoint's image tower is for pictures of another
  ///   size, so that its positions are interpolated.
  func readParameters(
    from source: CheckpointParameters, resizingPositions: Bool = false
  ) throws(ModelError) {
    let reader = source.reader
    let own = Set(parameters.layout.entries.map(\.parameter.path))
    if let other = source.paths.first(where: { !own.contains($0) }) {
      throw .checkpoint(.unexpectedMember(path: reader.path, member: other))
    }
    var wanted = parameters.layout.entries.map(\.parameter).filter(source.brings)
    if resizingPositions {
      wanted.removeAll { $0.path == PositionGrid.path }
      try readResizedPositions(from: reader)
    }
    try read(wanted, from: source)
  }

  private func readResizedPositions(from reader: CheckpointReader) throws(ModelError) {
    let path = PositionGrid.path
    let target = parameters.storage(of: path)
    do throws(CheckpointError) {
      let sizes = try reader.sizes(of: path, in: .parameters)
      var values = [Float](repeating: 0, count: sizes.reduce(1, *))
      try values.withUnsafeMutableBufferPointer { buffer throws(CheckpointError) in
        try reader.read(path, in: .parameters, sizes: sizes, into: buffer)
      }
      guard let width = parameters.layout[path]?.parameter.sizes.last, sizes.last == width,
        let grid = PositionGrid(values, width: width),
        let resized = grid.resized(toRows: target.count / width)
      else {
        throw .damaged(
          path: reader.path, member: path, problem: "it is no square grid of positions")
      }
      _ = target.update(from: resized)
    } catch {
      throw .checkpoint(error)
    }
  }

  /// Takes some parameters from a checkpoint that may have others besides.
  func read(_ wanted: [Parameter], from source: CheckpointParameters) throws(ModelError) {
    try read(count: wanted.count) { index throws(CheckpointError) in
      try source.read(wanted[index], into: parameters.storage(of: wanted[index].path))
    }
  }

  /// Reads several tensors on all threads.
  ///
  /// - Parameter body: reads one of them, given its number.
  /// - Throws: of those that could not be read, the first one's error.
  func read(
    count: Int, _ body: (Int) throws(CheckpointError) -> Void
  ) throws(ModelError) {
    let first = Mutex<(index: Int, error: CheckpointError)?>(nil)
    device.threads.run(taskCount: count) { index in
      do throws(CheckpointError) {
        try body(index)
      } catch {
        first.withLock { first in
          if index < first?.index ?? .max { first = (index, error) }
        }
      }
    }
    if let failure = first.withLock({ $0 }) { throw .checkpoint(failure.error) }
  }

  /// The tokenizer of vocabulary bytes that has as many entries as the text tower has rows.
  static func tokenizer(
    _ bytes: [UInt8], path: String, expected: Int?
  ) throws(ModelError) -> Tokenizer {
    let tokenizer: Tokenizer
    do throws(TokenizerError) {
      tokenizer = try Tokenizer(vocabularyBytes: bytes)
    } catch {
      throw .vocabulary(path: path, error)
    }
    if let expected, tokenizer.vocabularyCount != expected {
      throw .mismatch(
        found: "\(path): the vocabulary has \(tokenizer.vocabularyCount) entries",
        expected: "The text tower has rows for \(expected)",
        advice: "Use the vocabulary that the model was made with.")
    }
    return tokenizer
  }
}
