internal import DurableFiles
internal import Glibc

/// What a run leaves in `logs/<run>`: rows of figures, curves, lines for people, what it ran on.
///
/// Nothing here stops a run: what cannot be written is reported once.
final class RunLogs {
  private let metrics: MetricsLog
  private var curves: TensorBoardEvents?
  private let log: RunLog
  private let report: (String) -> Void

  /// - Parameters:
  ///   - step: the last step whose rows stay.
  ///   - report: is told what could not be written.
  init(folder: String, recipe: Recipe, afterStep step: Int, report: @escaping (String) -> Void) {
    self.report = report
    log = RunLog(path: "\(folder)/run.log")
    metrics = MetricsLog(path: "\(folder)/metrics.jsonl", keepingRowsThroughStep: step) {
      report("\($0)")
    }
    do throws(FileError) {
      try AtomicFile.write(Array(recipe.resolved.utf8), to: "\(folder)/recipe.yaml")
    } catch {
      report("\(error)")
    }
    do throws(TensorBoardError) {
      let events = try TensorBoardEvents(
        folder: folder, resumingAt: step > 0 ? step + 1 : nil, wallTime: Self.now())
      try events.appendText(
        Self.indented(recipe.resolved), tag: "recipe", step: step, wallTime: Self.now())
      curves = events
    } catch {
      report("\(error)")
    }
  }

  /// Keeps what the run began on, and adds what it goes on with.
  ///
  /// - Returns: what to say where the steps so far were computed with something else.
  func write(_ environment: EnvironmentRecord, folder: String) -> String? {
    let starts = "\(folder)/environments.jsonl"
    let difference = environment.differenceNote(startsIn: starts)
    do throws(LogError) {
      if !FileContents.exists("\(folder)/environment.json") {
        try environment.write(to: "\(folder)/environment.json")
      }
      try environment.append(to: starts)
    } catch {
      report("\(error)")
    }
    return difference
  }

  func note(_ text: String) { log.note(text) }

  func warn(_ text: String) { log.warn(text) }

  func add(_ figures: StepFigures) {
    metrics.add(
      StepRow(
        step: figures.step, epoch: figures.epoch, loss: figures.loss,
        distillationLoss: figures.distillationLoss, logitScale: figures.logitScale,
        learningRate: figures.learningRate,
        gradientNorm: figures.gradientNorm, pairsPerSecond: figures.pairsPerSecond,
        tokens: figures.tokens, dataWaitSeconds: figures.dataWaitSeconds,
        damaged: figures.damaged))
    let distillation = figures.distillationLoss.map { [("train/distillation_loss", $0)] } ?? []
    addCurves(
      distillation + [
        ("train/loss", figures.loss), ("train/logit_scale", figures.logitScale),
        ("train/learning_rate", figures.learningRate),
        ("train/gradient_norm", figures.gradientNorm),
        ("speed/pairs_per_second", Float(figures.pairsPerSecond)),
        ("speed/data_wait_seconds", Float(figures.dataWaitSeconds)),
      ], step: figures.step)
  }

  func add(_ validation: RetrievalMetrics, step: Int) {
    metrics.add(validation, step: step)
    log.note("Validation after step \(step)\n\(validation)")
    let directions = [
      ("text_to_image", validation.textToImage), ("image_to_text", validation.imageToText),
    ]
    addCurves(
      directions.flatMap { name, figures in
        [
          ("validation/\(name)/recall@1", Float(figures.recallAt1)),
          ("validation/\(name)/recall@5", Float(figures.recallAt5)),
          ("validation/\(name)/recall@10", Float(figures.recallAt10)),
          ("validation/\(name)/median_rank", Float(figures.medianRank)),
        ]
      }, step: step)
  }

  /// The rows so far, to be made durable before a checkpoint says that their steps are done.
  var rows: LogRows { metrics.rows }

  /// Takes note of rows that could not be made durable.
  func fail(_ error: LogError) { metrics.fail(error) }

  private func addCurves(_ values: [(tag: String, value: Float)], step: Int) {
    guard let curves else { return }
    do throws(TensorBoardError) {
      try curves.appendScalars(values, step: step, wallTime: Self.now())
    } catch {
      report("\(error)")
      self.curves = nil
    }
  }

  /// As a code block of Markdown.
  private static func indented(_ text: String) -> String {
    text.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
