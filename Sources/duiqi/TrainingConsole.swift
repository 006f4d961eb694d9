internal import ArgumentParser
internal import Glibc
internal import Training

/// Runs a trainer and shows what it tells.
@MainActor
final class TrainingConsole {
  private let style: ProgressLine.Style
  private var line: ProgressLine?
  private var preparing: ProgressLine?
  private var preparingTask = ""
  /// When something was told last: what is told before the first step is where that step begins.
  private var lastSeconds = TrainingConsole.seconds()

  init(isQuiet: Bool) {
    style = ProgressLine.style(of: STDERR_FILENO, isQuiet: isQuiet)
  }

  /// - Parameter profile: how to print where the time of steps went, if that is wanted.
  /// - Throws: what the trainer throws; an exit code where a signal stopped it.
  func train(
    _ recipe: Recipe, root: String, resume: ResumeMode, profile: ProfileOptions.Form?
  ) async throws {
    StopSignals.install()
    let trainer = try Trainer(
      recipe, root: root, resume: resume, prober: CommandLine.ownExecutable
    ) { [self] in show($0) }
    let measured = profile.map { _ in trainer.profileSteps() }
    do {
      let outcome = try await trainer.run()
      line?.finish()
      if let profile, let measured {
        try Terminal.write(profile == .json ? measured.json.line + "\n" : "\(measured)\n")
      }
      if case .interrupted(let signal, _) = outcome {
        throw ExitCode(ExitStatus.stopped(by: signal))
      }
    } catch {
      line?.finish()
      throw error
    }
  }

  private func show(_ event: TrainingEvent) {
    defer { lastSeconds = Self.seconds() }
    switch event {
    case .note(let text): note(text)
    case .preparing(let task, let done, let total):
      if preparing == nil || task != preparingTask {
        preparing?.finish()
        preparing = makeLine(total: total)
        preparingTask = task
      }
      preparing?.show(task: task, done: done, nowSeconds: Self.seconds())
    case .step(let figures):
      preparing?.finish()
      preparing = nil
      if line == nil {
        line = makeLine(
          total: figures.totalSteps, done: figures.step - 1, startSeconds: lastSeconds)
      }
      line?.show(
        step: figures.step, loss: figures.loss, pairsPerSecond: figures.pairsPerSecond,
        nowSeconds: Self.seconds())
    case .validation(let step, let figures, let isBest):
      note("Validation after step \(step)\(isBest ? ", the best so far" : ""):\n\(figures)")
    case .saved(let path, _): note("Saved \(path)")
    }
  }

  private func note(_ text: String) {
    if preparing != nil {
      preparing?.note(text)
    } else if line != nil {
      line?.note(text)
    } else if style != .quiet {
      Terminal.writeError(text + "\n")
    }
  }

  private func makeLine(
    total: Int, done: Int = 0, startSeconds: Double = TrainingConsole.seconds()
  ) -> ProgressLine {
    ProgressLine(
      style: style, totalSteps: total, firstStep: done, startSeconds: startSeconds,
      write: Terminal.writeError)
  }

  private static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

extension CommandLine {
  /// This program, which reads checkpoints from elsewhere in a process of its own first.
  static var ownExecutable: String { "/proc/self/exe" }
}
