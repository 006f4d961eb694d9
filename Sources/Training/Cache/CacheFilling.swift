internal import CPUDevice
internal import Checkpoints
internal import PairData

/// Encodes the pictures of shards with a checkpoint's image tower and keeps the embeddings.
///
///     let filling = try CacheFilling("checkpoints/chinese_clip_vit_b16.h5")
///     let report = try await filling.cachePictures(of: PairChoice(shards: ["data/train-*.tar"]))
public final class CacheFilling {
  private let loaded: LoadedModel
  private let loaderTasks: Int

  /// - Parameters:
  ///   - checkpoint: a file, or a run's folder, which stands for its best checkpoint or its last.
  ///   - precision: of products; embeddings of one are not used by a run with another.
  public init(
    _ checkpoint: String, precision: Recipe.Precision = .float32
  ) throws(ModelError) {
    let reader = try UserCheckpoint.open(try UserCheckpoint.file(checkpoint))
    // Before memory is taken for what the configuration asks for.
    _ = try ModelDescription(reader)
    loaderTasks = EnvironmentRecord.usableCoreCount()
    loaded = try LoadedModel(
      reader,
      device: CPUDevice(threadCount: loaderTasks, products: ProductFormat(precision)))
  }

  /// What products are computed in here: Float32 where the processor has nothing else.
  public var precision: String { loaded.device.products.rawValue }

  /// Encodes what no cache file has yet.
  ///
  /// - Parameters:
  ///   - tell: is told why the work waits.
  ///   - progress: is told how many pictures of how many are done.
  /// - Throws: `ModelError.interrupted` where a signal asked for a stop; what was encoded is kept.
  public func cachePictures(
    of choice: PairChoice, tell: @escaping (String) -> Void = { _ in },
    progress: (Int, Int) -> Void = { _, _ in }
  ) async throws(ModelError) -> CachingReport {
    let pairs: PairSet
    do throws(PairDataError) {
      pairs = try PairSet(patterns: choice.shards, folder: "")
    } catch {
      throw .data(error)
    }
    let encoder = try PictureEncoder(
      loaded, taskCount: loaderTasks, storage: .files, stopSignal: { StopSignals.pending },
      tell: tell)
    return try await encoder.embeddings(
      of: pairs, damageLimit: choice.damageLimit, progress: progress
    ).1
  }
}
