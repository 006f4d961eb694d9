internal import Models
internal import PairData

extension CheckpointModel {
  /// Encodes the pictures of shards that no cache file has yet, and keeps the embeddings.
  ///
  /// - Parameters:
  ///   - views: augmented views of each, or none for pictures as they are, which validation and
  ///     recipes without augmentation read.
  ///   - listener: is told why the work waits, and why it is not kept.
  ///   - progress: is told how much of what is done, in pictures.
  /// - Throws: `ModelError.interrupted` where a signal asked for a stop; what was encoded is kept.
  public func cachePictures(
    of choice: PairChoice, views: AugmentedViews? = nil, listener: CachingListener,
    progress: (CachingProgress) -> Void
  ) async throws(ModelError) -> CachingReport {
    let pairs = try pairs(choice.shards)
    let embedder = try PictureEncoder.embedder(of: loaded)
    let numbers: [Int?] = views.map { Array(0..<$0.count) } ?? [nil]
    let preparation = loaded.description.preparation(augmentation: views?.augmentation ?? .none)
    let weights = TowerDigest(imageOf: loaded)
    var report = CachingReport(content: "picture")
    for (place, view) in numbers.enumerated() {
      let key = EmbeddingKey(
        loaded, weights: weights, .unitVectors, preparation: preparation, view: view)
      let encoder = PictureEncoder(
        embedder, cache: cache(key, listener), preparation: preparation, view: view,
        taskCount: loaderTasks)
      report.add(
        try await encoder.encode(pairs, damageLimit: choice.damageLimit) { done, total in
          progress(
            CachingProgress(
              done: place * total + done, total: numbers.count * total,
              isKept: encoder.cache.isKept))
        })
    }
    return report
  }

  /// Encodes the captions of shards that no cache file has yet, and keeps the embeddings.
  ///
  /// - Parameters: see ``cachePictures(of:views:listener:progress:)``; progress is in pairs.
  public func cacheCaptions(
    of choice: PairChoice, listener: CachingListener, progress: (CachingProgress) -> Void
  ) async throws(ModelError) -> CachingReport {
    let selector = try selector(choice.captions)
    let encoder = try CaptionEncoder(
      loaded, cache: cache(EmbeddingKey(captionsOf: loaded, selector), listener),
      selector: selector,
      taskCount: loaderTasks)
    return try await encoder.embeddings(
      of: try pairs(choice.shards), damageLimit: choice.damageLimit
    ) { done, total in
      progress(CachingProgress(done: done, total: total, isKept: encoder.cache.isKept))
    }.1
  }

  private func cache(
    _ key: EmbeddingKey, _ listener: CachingListener
  ) -> EmbeddingCache {
    EmbeddingCache(
      key: key, width: width, storage: .files, stopSignal: { StopSignals.pending },
      tell: listener.tell, refuse: listener.refuse)
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
