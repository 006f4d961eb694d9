internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import Glibc
internal import Models
internal import PairData

/// A checkpoint's model, ready to embed pictures and texts.
///
///     let model = try CheckpointModel("checkpoints/emoji/best.h5")
///     let report = try await model.evaluate(PairChoice(shards: ["data/valid-*.tar"]))
public final class CheckpointModel {
  /// How far some work is: things done, of how many where that is known, and what they are called.
  public typealias Progress = (_ done: Int, _ total: Int?, _ unit: String) -> Void

  public let path: String
  /// The digest over the parameters, hexadecimal.
  public let sha256: String
  /// What to tell who asked for a precision that this processor lacks.
  public let precisionNote: String?
  let loaded: LoadedModel
  let loaderTasks: Int

  /// - Parameters:
  ///   - path: a file, or a run's folder, which stands for its best checkpoint or its last.
  ///   - precision: what matrix products are computed in.
  /// - Throws: `ModelError` for a file that is not a whole checkpoint of a known family.
  public convenience init(
    _ path: String, precision: Recipe.Precision = .float32
  ) throws(ModelError) {
    try self.init(try UserCheckpoint.open(try UserCheckpoint.file(path)), precision: precision)
  }

  init(
    _ reader: CheckpointReader, precision: Recipe.Precision = .float32
  ) throws(ModelError) {
    path = reader.path
    sha256 = reader.sha256
    loaderTasks = EnvironmentRecord.usableCoreCount()
    let products = ProductFormat(precision)
    let device = CPUDevice(threadCount: loaderTasks, products: products)
    precisionNote =
      device.products == products ? nil : ProductFormat.missingNote(products, device.products)
    loaded = try LoadedModel(reader, device: device)
  }

  /// What similarities are multiplied with.
  var logitScale: Float { exp(loaded.parameters.storage(of: loaded.model.logitScale.path)[0]) }

  var width: Int { loaded.model.configuration.embeddingWidth }

  /// The selector that was given, or else the checkpoint's own.
  func selector(_ captions: String?) throws(ModelError) -> CaptionSelector {
    guard let captions else { return loaded.description.captions }
    do throws(PairDataError) {
      return try CaptionSelector(captions)
    } catch {
      throw .data(error)
    }
  }

  func pairs(_ shards: [String]) throws(ModelError) -> PairSet {
    do throws(PairDataError) {
      return try PairSet(patterns: shards, folder: "")
    } catch {
      throw .data(error)
    }
  }

  func makeEmbedder() throws(ModelError) -> Embedder {
    do {
      return try Embedder(loaded.model, on: loaded.device, parameters: loaded.parameters)
    } catch {
      throw .device(error)
    }
  }
}
