internal import Glibc
internal import Training

/// Shows on standard error how far a command is: a bar on a terminal, plain lines elsewhere.
final class CommandProgress {
  private let style: ProgressLine.Style
  private var line: ProgressLine?
  private var unit = ""
  private var lastSeconds = CommandProgress.seconds()

  init(_ console: ConsoleOptions) {
    style = ProgressLine.style(of: STDERR_FILENO, isQuiet: console.quiet)
  }

  /// Takes the next state; things of another kind begin another line.
  func show(_ done: Int, _ total: Int?, _ unit: String) {
    let now = Self.seconds()
    if line == nil || unit != self.unit {
      line?.finish()
      line = ProgressLine(
        style: style, totalSteps: total ?? 0, firstStep: 0, startSeconds: lastSeconds,
        write: Terminal.writeError)
      self.unit = unit
    }
    line?.show(count: done, unit: unit, nowSeconds: now)
    lastSeconds = now
  }

  func finish() { line?.finish() }

  private static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
