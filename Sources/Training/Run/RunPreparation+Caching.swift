internal import Autodiff
internal import CPUDevice
internal import Models
internal import PairData

extension RunPreparation {
  private var storage: PictureEncoder.Storage { recipe.data.isCached ? .files : .memoryOnly }

  /// Encodes pictures with the run's own image tower, which is locked.
  func imageEncoder(
    stopSignal: @escaping () -> Int32?, tell: @escaping (String) -> Void
  ) throws(ModelError) -> PictureEncoder {
    try PictureEncoder(
      loaded, taskCount: loaderTasks, storage: storage, stopSignal: stopSignal, tell: tell)
  }

  /// Encodes pictures with the teacher, where its features are kept.
  func teacherEncoder(
    stopSignal: @escaping () -> Int32?, tell: @escaping (String) -> Void
  ) throws(ModelError) -> PictureEncoder? {
    guard keepsTeacherFeatures, let teacher else { return nil }
    let preparation = loaded.description.preparation()
    return PictureEncoder(
      teacher.embedder, key: EmbeddingKey(teacher.loaded, .features, preparation: preparation),
      preparation: preparation, taskCount: loaderTasks, storage: storage, stopSignal: stopSignal,
      tell: tell)
  }

  /// What is encoded once before the first step, and how much of it cache files have already.
  func encodings() async throws(ModelError) -> [OnceEncoding] {
    var encodings: [OnceEncoding] = []
    var locked: PictureEncoder?
    if imageIsLocked { locked = try imageEncoder(stopSignal: { nil }, tell: { _ in }) }
    let teacher = try teacherEncoder(stopSignal: { nil }, tell: { _ in })
    let candidates = [
      ("training", keepsImageEmbeddings ? locked : nil, pairs), ("teacher", teacher, pairs),
      ("validation", locked, validationPairs),
    ]
    for (name, encoder, pairs) in candidates {
      guard let encoder, let pairs else { continue }
      let found = try await encoder.foundCount(of: pairs)
      encodings.append(
        OnceEncoding(
          name: name, pictureCount: pairs.count, foundCount: found,
          blockOperations: encoder.embedder.plan.floatingPointOperations(
            stage: 0, sizes: [.images: EmbeddingBlock.pairLimit]),
          width: encoder.embedder.width))
    }
    return encodings
  }
}

/// Pictures that are encoded once, before the first step.
struct OnceEncoding: Sendable, Equatable {
  /// `training`, `teacher` or `validation`.
  let name: String
  let pictureCount: Int
  /// Pictures whose embeddings cache files have.
  let foundCount: Int
  /// Floating point operations of a whole block.
  let blockOperations: Int
  let width: Int

  /// What is left to do.
  var operations: Int {
    blockOperations / EmbeddingBlock.pairLimit * (pictureCount - foundCount)
  }

  /// The table that steps read.
  var bytes: Int { 4 * pictureCount * width }

  var json: JSONText {
    .object([
      ("pictures_of", .text(name)), ("pictures", .integer(pictureCount)),
      ("in_cache", .integer(foundCount)), ("floating_point_operations", .integer(operations)),
      ("table_bytes", .integer(bytes)),
    ])
  }
}
