internal import PairData

/// Retrieval figures of a checkpoint, and the pairs that could not take part.
public struct RetrievalReport: Sendable {
  public let metrics: RetrievalMetrics
  /// A line for each pair that was skipped.
  public let damagedPairs: [String]
}

extension CheckpointModel {
  /// How well the pictures and captions of shards find each other.
  public func evaluate(
    _ choice: PairChoice, progress: Progress = { _, _, _ in }
  ) async throws(ModelError) -> RetrievalReport {
    let validator = try Validator(
      loaded, pairs: try pairs(choice.shards), captions: try selector(choice.captions),
      loaderTasks: loaderTasks, damageLimit: choice.damageLimit)
    let embeddings = try await validator.embed { progress($0, $1, "pairs") }
    return RetrievalReport(
      metrics: Validator.figures(of: embeddings, width: width, on: loaded.device),
      damagedPairs: embeddings.damaged.map(\.description))
  }
}
