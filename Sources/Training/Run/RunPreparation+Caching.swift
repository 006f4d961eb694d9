internal import Autodiff
internal import CPUDevice
internal import Models
internal import PairData

extension RunPreparation {
  /// What encoders take from a run: when to stop, and where to say that they wait.
  struct Listener {
    let stopSignal: () -> Int32?
    let tell: (String) -> Void

    static var none: Listener { Listener(stopSignal: { nil }, tell: { _ in }) }
  }

  /// Encodes pictures as validation sees them with the run's own image tower, which is locked.
  func imageEncoder(_ listener: Listener) throws(ModelError) -> PictureEncoder {
    let preparation = loaded.description.preparation()
    return encoder(
      try PictureEncoder.embedder(of: loaded), loaded, .unitVectors, preparation, view: nil,
      listener)
  }

  /// An encoder for each augmented view of the training pictures; nothing where there are none.
  func viewEncoders(_ listener: Listener) throws(ModelError) -> [PictureEncoder] {
    guard imageIsLocked, let count = recipe.data.viewCount else { return [] }
    let embedder = try PictureEncoder.embedder(of: loaded)
    let preparation = loaded.description.preparation(augmentation: recipe.data.augmentation)
    return (0..<count).map { view in
      encoder(embedder, loaded, .unitVectors, preparation, view: view, listener)
    }
  }

  /// Encodes pictures with the teacher, where its features are kept.
  func teacherEncoder(_ listener: Listener) throws(ModelError) -> PictureEncoder? {
    guard keepsTeacherFeatures, let teacher else { return nil }
    return encoder(
      teacher.embedder, teacher.loaded, .features, loaded.description.preparation(), view: nil,
      listener)
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
    _ embedder: ImageEmbedder, _ tower: LoadedModel, _ output: ImageEmbedder.Output,
    _ preparation: ImagePreparation, view: Int?, _ listener: Listener
  ) -> PictureEncoder {
    let key = EmbeddingKey(
      tower, output, imagesPerChunk: embedder.imagesPerChunk, preparation: preparation, view: view)
    return PictureEncoder(
      embedder, cache: cache(key, width: embedder.width, listener), preparation: preparation,
      view: view, taskCount: loaderTasks)
  }

  private func cache(_ key: EmbeddingKey, width: Int, _ listener: Listener) -> EmbeddingCache {
    EmbeddingCache(
      key: key, width: width, storage: recipe.data.isCached ? .files : .memoryOnly,
      stopSignal: listener.stopSignal, tell: listener.tell)
  }
}
