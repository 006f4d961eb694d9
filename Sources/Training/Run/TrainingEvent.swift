/// What a run tells its caller while it goes on.
public enum TrainingEvent: Sendable {
  /// Something that happened, for people.
  case note(String)
  /// A part of a preparation that takes a while.
  case preparing(String, done: Int, total: Int)
  case step(StepFigures)
  case validation(step: Int, RetrievalMetrics, isBest: Bool)
  case saved(path: String, step: Int)
}

/// The figures of one step; a row of `metrics.jsonl`.
public struct StepFigures: Sendable {
  /// From 1.
  public let step: Int
  public let totalSteps: Int
  /// From 0.
  public let epoch: Int
  /// Of the whole contrastive batch, before the update.
  public let loss: Float
  /// The mean distance to the teacher, whose weighted share is in the loss.
  public let distillationLoss: Float?
  /// The multiplier of similarities.
  public let logitScale: Float
  public let learningRate: Float
  public let gradientNorm: Float
  /// Over the whole step, loading included; validation and saving are not.
  public let pairsPerSecond: Double
  /// Computed on, the two special ones of each caption included.
  public let tokens: Int
  public let dataWaitSeconds: Double
  /// Pairs that were skipped on the way to this batch.
  public let damaged: Int
}

/// How a run ended.
public enum TrainingOutcome: Sendable, Equatable {
  case finished(steps: Int)
  /// Validation stopped getting better.
  case stoppedEarly(step: Int, bestStep: Int)
  /// A signal asked for it; every step is saved, if there was one.
  case interrupted(signal: Int32, step: Int)
}
