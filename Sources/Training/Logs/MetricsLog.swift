internal import Glibc

/// `metrics.jsonl` of a run: a row per step and per validation, each on its line.
///
/// Whatever happens to the file, training goes on: the first failure is reported, later ones are
/// not, and rows are written again as soon as that works.
package final class MetricsLog {
  private let path: String
  private let report: (LogError) -> Void
  private var descriptor: Int32?
  private var hasReported = false

  /// Opens the log for rows after a step.
  ///
  /// Rows of later steps, which a run resumed from a checkpoint writes again, are dropped, and so
  /// is a last row that a crash cut off; the file is replaced at once, never half-written.
  ///
  /// - Parameters:
  ///   - step: the last step whose rows stay; 0 for a run from its beginning.
  ///   - report: called at most once.
  package init(
    path: String, keepingRowsThroughStep step: Int, report: @escaping (LogError) -> Void
  ) {
    self.path = path
    self.report = report
    do {
      try MetricsFile.dropRows(of: path, afterStep: step)
    } catch {
      fail(error)
    }
    openFile()
  }

  deinit {
    if let descriptor { close(descriptor) }
  }

  package func add(_ row: StepRow) {
    append(row.json)
  }

  /// Adds the figures of a validation after a step.
  package func add(_ metrics: RetrievalMetrics, step: Int) {
    append(
      .object(
        [("kind", .text("validation")), ("step", .integer(step))] + metrics.jsonMembers))
  }

  /// All rows so far, which are made durable before a checkpoint is published.
  package var rows: LogRows { LogRows(path: path, descriptor: descriptor) }

  private func append(_ row: JSONText) {
    if descriptor == nil { openFile() }
    guard let descriptor else { return }
    let length = lseek(descriptor, 0, SEEK_END)
    guard !SystemCall.write(row.line + "\n", to: descriptor) else { return }
    let code = errno
    // A part of a row would spoil the next one.
    if length >= 0 { _ = ftruncate(descriptor, length) }
    fail(.file(path: path, action: "written", code: code))
  }

  private func openFile() {
    descriptor = SystemCall.open(path, O_WRONLY | O_CREAT | O_APPEND)
    if descriptor == nil { fail(.file(path: path, action: "opened", code: errno)) }
  }

  /// Reports the first failure.
  func fail(_ error: LogError) {
    guard !hasReported else { return }
    hasReported = true
    report(error)
  }
}

/// What one step leaves in the log.
package struct StepRow: Equatable {
  /// From 1.
  package var step: Int
  /// From 0.
  package var epoch: Int
  /// Of the whole contrastive batch, before the update.
  package var loss: Float
  /// The mean distance to the teacher, before its weight; nothing without one.
  package var distillationLoss: Float?
  /// The multiplier of similarities.
  package var logitScale: Float
  package var learningRate: Float
  /// Before clipping.
  package var gradientNorm: Float
  /// Over the whole step, loading included.
  package var pairsPerSecond: Double
  package var tokens: Int
  /// What the step waited for pairs.
  package var dataWaitSeconds: Double
  /// Pairs that could not be read, since the run began.
  package var damaged: Int

  package init(
    step: Int, epoch: Int, loss: Float, distillationLoss: Float? = nil, logitScale: Float,
    learningRate: Float, gradientNorm: Float, pairsPerSecond: Double, tokens: Int,
    dataWaitSeconds: Double, damaged: Int
  ) {
    self.step = step
    self.epoch = epoch
    self.loss = loss
    self.distillationLoss = distillationLoss
    self.logitScale = logitScale
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    self.pairsPerSecond = pairsPerSecond
    self.tokens = tokens
    self.dataWaitSeconds = dataWaitSeconds
    self.damaged = damaged
  }

  package var json: JSONText {
    let distillation = distillationLoss.map { [("distillation_loss", JSONText.single($0))] } ?? []
    return .object(
      [
        ("kind", .text("step")), ("step", .integer(step)), ("epoch", .integer(epoch)),
        ("loss", .single(loss)), ("logit_scale", .single(logitScale)),
        ("learning_rate", .single(learningRate)), ("gradient_norm", .single(gradientNorm)),
        ("pairs_per_second", .number(pairsPerSecond)), ("tokens", .integer(tokens)),
        ("data_wait_seconds", .number(dataWaitSeconds)), ("damaged", .integer(damaged)),
      ] + distillation)
  }
}
