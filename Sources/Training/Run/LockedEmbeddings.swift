internal import CPUDevice
internal import Models
internal import PairData

/// What a locked image tower or a teacher makes of the training pictures, computed once.
///
/// Pictures are encoded in the order of the pair set in chunks of a fixed size, so an embedding
/// does not depend on the batch that asks for it, nor on where a run was resumed.
struct LockedEmbeddings {
  /// [pairs, width]; rows of damaged pairs are zero and never asked for.
  private let values: [Float]
  private let width: Int
  let damaged: [DamagedPair]

  /// - Parameter teacher: whose tower it is; the model's own where there is none.
  init(
    _ preparation: RunPreparation, by teacher: ImageEmbedder? = nil,
    stopSignal: @escaping () -> Int32?, progress: (Int, Int) -> Void
  ) async throws(ModelError) {
    let loaded = preparation.loaded
    width = teacher?.width ?? loaded.model.configuration.embeddingWidth
    let validator = try Validator(
      loaded, pairs: preparation.pairs, captions: preparation.recipe.data.captions,
      loaderTasks: preparation.loaderTasks, damageLimit: preparation.recipe.data.damageLimit,
      imageEmbedder: teacher, stopSignal: stopSignal)
    let embeddings = try await validator.embed(withTexts: false, progress: progress)
    var values = [Float](repeating: 0, count: preparation.pairs.count * width)
    for (row, pair) in embeddings.pairIndices.enumerated() {
      values.replaceSubrange(
        pair * width..<(pair + 1) * width,
        with: embeddings.images[row * width..<(row + 1) * width])
    }
    self.values = values
    damaged = embeddings.damaged
  }

  /// - Returns: [pairs.count, width].
  func rows(_ pairs: [Int]) -> [Float] {
    pairs.flatMap { values[$0 * width..<($0 + 1) * width] }
  }
}
