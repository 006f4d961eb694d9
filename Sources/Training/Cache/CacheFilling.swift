internal import CPUDevice
internal import Checkpoints
internal import Models
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

  /// Encodes the pictures that no cache file has yet.
  ///
  /// - Parameters:
  ///   - views: augmented views of each, or none for pictures as they are, which validation and
  ///     recipes without augmentation read.
  ///   - tell: is told why the work waits.
  ///   - progress: is told how many pictures of how many are done.
  /// - Throws: `ModelError.interrupted` where a signal asked for a stop; what was encoded is kept.
  public func cachePictures(
    of choice: PairChoice, views: AugmentedViews? = nil, tell: @escaping (String) -> Void,
    progress: (Int, Int) -> Void
  ) async throws(ModelError) -> CachingReport {
    let pairs = try pairs(choice)
    let embedder = try PictureEncoder.embedder(of: loaded)
    let numbers: [Int?] = views.map { Array(0..<$0.count) } ?? [nil]
    let preparation = loaded.description.preparation(augmentation: views?.augmentation ?? .none)
    var report = CachingReport(content: "picture")
    for (place, view) in numbers.enumerated() {
      let key = EmbeddingKey(loaded, .unitVectors, preparation: preparation, view: view)
      let encoder = PictureEncoder(
        embedder, cache: cache(key, tell), preparation: preparation, view: view,
        taskCount: loaderTasks)
      report.add(
        try await encoder.embeddings(of: pairs, damageLimit: choice.damageLimit) { done, total in
          progress(place * total + done, numbers.count * total)
        }.1)
    }
    return report
  }

  /// Encodes the captions that no cache file has yet.
  ///
  /// - Parameter progress: is told how many pairs of how many are done.
  public func cacheCaptions(
    of choice: PairChoice, tell: @escaping (String) -> Void, progress: (Int, Int) -> Void
  ) async throws(ModelError) -> CachingReport {
    var selector = loaded.description.captions
    do throws(PairDataError) {
      if let given = choice.captions { selector = try CaptionSelector(given) }
    } catch {
      throw .data(error)
    }
    let encoder = try CaptionEncoder(
      loaded, cache: cache(EmbeddingKey(captionsOf: loaded, selector), tell), selector: selector,
      taskCount: loaderTasks)
    return try await encoder.embeddings(of: try pairs(choice), progress: progress).1
  }

  private func pairs(_ choice: PairChoice) throws(ModelError) -> PairSet {
    do throws(PairDataError) {
      return try PairSet(patterns: choice.shards, folder: "")
    } catch {
      throw .data(error)
    }
  }

  private func cache(
    _ key: EmbeddingKey, _ tell: @escaping (String) -> Void
  ) -> EmbeddingCache {
    EmbeddingCache(
      key: key, width: loaded.model.configuration.embeddingWidth, storage: .files,
      stopSignal: { StopSignals.pending }, tell: tell)
  }
}

/// Augmented views of pictures, as a recipe's `data.augmentation` and `data.views` have them.
public struct AugmentedViews: Sendable {
  let augmentation: Augmentation
  let count: Int

  /// - Returns: nil for what is no augmentation of a recipe, or none at all.
  public init?(_ augmentation: String, count: Int) {
    guard let augmentation = Augmentation(recipe: augmentation), augmentation != .none,
      (1...1_000).contains(count)
    else { return nil }
    self.augmentation = augmentation
    self.count = count
  }
}
