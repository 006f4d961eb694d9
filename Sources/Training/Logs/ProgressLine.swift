internal import Glibc

/// What a person sees of a run: a bar on a terminal, now and then a plain line when piped.
package struct ProgressLine {
  package enum Style: Equatable, Sendable {
    /// One line, drawn over and over, of at most so many columns.
    case bar(columns: Int)
    case lines
    case quiet
  }

  private let style: Style
  private let totalSteps: Int
  private let firstStep: Int
  private let startSeconds: Double
  private let write: (String) -> Void
  private var lastSeconds: Double?
  /// Of the last steps, so that one step's luck does not show.
  private var secondsPerPair: [Double] = []
  private static let averagedSteps = 20
  private var isBarDrawn = false

  /// - Parameters:
  ///   - firstStep: steps done before, when a run is resumed; they do not count for time left.
  ///   - startSeconds: a reading of a monotonic clock, as later ones, before the first step began.
  ///   - write: puts text out, usually to standard error.
  package init(
    style: Style, totalSteps: Int, firstStep: Int, startSeconds: Double,
    write: @escaping (String) -> Void
  ) {
    self.style = style
    self.totalSteps = totalSteps
    self.firstStep = firstStep
    self.startSeconds = startSeconds
    self.write = write
  }

  /// The style for a descriptor: a bar where it is a terminal.
  package static func style(of descriptor: Int32, isQuiet: Bool) -> Style {
    if isQuiet { return .quiet }
    guard isatty(descriptor) == 1 else { return .lines }
    var size = winsize()
    let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return .bar(columns: isKnown ? Int(size.ws_col) : 80)
  }

  /// Shows a step, at most ten times a second in a bar and every ten seconds in lines; the last
  /// step always. To be told of every step, whose rates it averages.
  package mutating func show(
    step: Int, loss: Float, pairsPerSecond: Double, nowSeconds: Double
  ) {
    if secondsPerPair.count == ProgressLine.averagedSteps { secondsPerPair.removeFirst() }
    secondsPerPair.append(1 / pairsPerSecond)
    guard isTime(nowSeconds, isLast: step >= totalSteps) else { return }
    let mean = Double(secondsPerPair.count) / secondsPerPair.reduce(0, +)
    put(facts(step: step, loss: loss, pairsPerSecond: mean, nowSeconds: nowSeconds), step: step)
  }

  /// Shows how far a task other than training is, as often as `show` would.
  package mutating func show(task: String, done: Int, nowSeconds: Double) {
    guard isTime(nowSeconds, isLast: done >= totalSteps) else { return }
    put("\(task): \(done)/\(totalSteps)", step: done)
  }

  /// Shows how many things of a kind are done, as often as `show` would.
  ///
  /// - Parameter unit: in the plural, `pairs`.
  package mutating func show(count: Int, unit: String, nowSeconds: Double) {
    guard isTime(nowSeconds, isLast: totalSteps > 0 && count >= totalSteps) else { return }
    var text =
      totalSteps > 0
      ? "\(count)/\(FixedText.count(totalSteps, ofMany: unit))"
      : FixedText.count(count, ofMany: unit)
    let seconds = nowSeconds - startSeconds
    if seconds > 0, count > 0 {
      let rate = Double(count) / seconds
      text += ", \(FixedText.number(rate, decimals: 1)) \(unit)/s"
      if totalSteps > 0 {
        text += ", \(ProgressLine.clock(Double(max(0, totalSteps - count)) / rate)) left"
      }
    }
    put(text, step: count)
  }

  /// Whether something is to be shown now; then the next thing has to wait.
  private mutating func isTime(_ nowSeconds: Double, isLast: Bool) -> Bool {
    let pauseSeconds: Double
    switch style {
    case .quiet: return false
    case .bar: pauseSeconds = 0.1
    case .lines: pauseSeconds = 10
    }
    if let lastSeconds, nowSeconds - lastSeconds < pauseSeconds, !isLast { return false }
    lastSeconds = nowSeconds
    return true
  }

  private mutating func put(_ facts: String, step: Int) {
    if case .bar(let columns) = style {
      write("\r" + drawn(step: step, facts: facts, columns: columns) + "\u{1B}[K")
      isBarDrawn = true
    } else {
      write(facts + "\n")
    }
  }

  /// Puts out a line of its own, above the bar; nothing when quiet.
  package mutating func note(_ line: String) {
    guard style != .quiet else { return }
    write((isBarDrawn ? "\r\u{1B}[K" : "") + line + "\n")
    isBarDrawn = false
    lastSeconds = nil
  }

  /// Leaves the bar and goes to the next line.
  package mutating func finish() {
    if isBarDrawn { write("\n") }
    isBarDrawn = false
  }

  private func facts(
    step: Int, loss: Float, pairsPerSecond: Double, nowSeconds: Double
  ) -> String {
    var text = "step \(step)/\(totalSteps), loss "
    text += FixedText.number(Double(loss), decimals: 4)
    text += ", \(FixedText.number(pairsPerSecond, decimals: 1)) pairs/s"
    let doneSteps = step - firstStep
    guard doneSteps > 0, nowSeconds > startSeconds else { return text }
    let stepSeconds = (nowSeconds - startSeconds) / Double(doneSteps)
    return text + ", \(ProgressLine.clock(stepSeconds * Double(max(0, totalSteps - step)))) left"
  }

  private func drawn(step: Int, facts: String, columns: Int) -> String {
    let room = min(40, columns - facts.count - 10)
    guard room >= 4, totalSteps > 0 else { return String(facts.prefix(max(0, columns - 1))) }
    let share = min(1, max(0, Double(step) / Double(totalSteps)))
    let filled = Int(share * Double(room))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: room - filled)
    return "[\(bar)] \(FixedText.right("\(Int(share * 100))", width: 3)) % \(facts)"
  }

  /// Hours, minutes and seconds: `1:02:03`, `2:03`.
  static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "very long" }
    let whole = Int(max(0, seconds).rounded())
    let two = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    let tail = two(whole % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(tail)" : "\(minutes):\(tail)"
  }
}
