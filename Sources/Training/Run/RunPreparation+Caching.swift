internal import Autodiff
internal import CPUDevice
internal import Models
internal import PairData

extension RunPreparation {
  /// What encoders take from a run: when to stop, and where to say what happens meanwhile.
  struct Listener {
    let stopSignal: () -> Int32?
    let caching: CachingListener

    static var none: Listener {
      Listener(
        stopSignal: { nil }, caching: CachingListener(tell: { _ in }, refuse: { _ in }))
    }
  }

  /// Encoders of pictures with the run's own image tower; none where it is not locked.
  ///
  /// - Returns: one for pictures as validation sees them, and one for each augmented view of the
  ///   training pictures.
  func imageEncoders(
    _ listener: Listener
  ) throws(ModelError) -> (plain: PictureEncoder?, views: [PictureEncoder]) {
    guard imageIsLocked else { return (nil, []) }
    let embedder = try PictureEncoder.embedder(of: loaded)
    let weights = TowerDigest(imageOf: loaded)
    let plain = encoder(
      embedder, loaded, weights, .unitVectors, loaded.description.preparation(), view: nil,
      listener)
    let preparation = loaded.description.preparation(augmentation: recipe.data.augmentation)
    let views = (0..<(recipe.data.viewCount ?? 0)).map { view in
      encoder(embedder, loaded, weights, .unitVectors, preparation, view: view, listener)
    }
    return (plain, views)
  }

  /// Encodes pictures with the teacher, where its features are kept.
  func teacherEncoder(_ listener: Listener) throws(ModelError) -> PictureEncoder? {
    guard keepsTeacherFeatures, let teacher else { return nil }
    return encoder(
      teacher.embedder, teacher.loaded, TowerDigest(imageOf: teacher.loaded), .features,
      loaded.description.preparation(), view: nil, listener)
  }

  /// Encodes captions with the run's own text tower, where it is locked.
  func captionEncoder(
    _ selector: CaptionSelector, _ listener: Listener
  ) throws(ModelError) -> CaptionEncoder {
    try CaptionEncoder(
      loaded,
      cache: cache(
        EmbeddingKey(captionsOf: loaded, selector),
        width: loaded.model.configuration.embeddingWidth, listener),
      selector: selector, taskCount: loaderTasks)
  }

  private func encoder(
    _ embedder: ImageEmbedder, _ tower: LoadedModel, _ weights: TowerDigest,
    _ output: ImageEmbedder.Output, _ preparation: ImagePreparation, view: Int?,
    _ listener: Listener
  ) -> PictureEncoder {
    let key = EmbeddingKey(
      tower, weights: weights, output, imagesPerChunk: embedder.imagesPerChunk,
      preparation: preparation, view: view)
    return PictureEncoder(
      embedder, cache: cache(key, width: embedder.width, listener), preparation: preparation,
      view: view, taskCount: loaderTasks)
  }

  private func cache(_ key: EmbeddingKey, width: Int, _ listener: Listener) -> EmbeddingCache {
    EmbeddingCache(
      key: key, width: width, storage: recipe.data.isCached ? .files : .memoryOnly,
      stopSignal: listener.stopSignal, tell: listener.caching.tell,
      refuse: listener.caching.refuse)
  }
}
