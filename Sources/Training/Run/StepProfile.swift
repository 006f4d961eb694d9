internal import CPUDevice

/// Where the time of a run's steps went: what was done, how often, and how long it took.
///
///     let profile = trainer.profileSteps()
///     let outcome = try await trainer.run()
///     … profile.description …
///
/// The first step of a start is left out: it makes what later ones use again. Validation and
/// checkpoints, which lie between steps, are not in it either.
public final class StepProfile {
  /// One kind of work.
  struct Work: Hashable {
    /// The part of a step: `text`, `image`, `loss`, `teacher`; nothing for what is around them.
    var part: String?
    /// `forward` or `gradient`, where the work has one of each.
    var pass: String?
    var operation: String
  }

  struct Entry {
    var callCount = 0
    var seconds = 0.0
    /// Of matrix products; 0 for work that memory bounds.
    var floatingPointOperations = 0
    var byteCount = 0
  }

  /// Steps that were measured.
  public private(set) var stepCount = 0
  private(set) var pairCount = 0
  /// Of whole steps, waiting for data included.
  private(set) var seconds = 0.0
  private var entries: [Work: Entry] = [:]
  /// Of the step that goes on.
  private var current: [Work: Entry] = [:]
  /// Whether a step was taken, be it the first one.
  private(set) var hasSteps = false

  init() {}

  func add(_ part: ContrastiveStep.Part, _ timing: StepTiming) {
    let work = Work(
      part: part.rawValue, pass: timing.stage == 0 ? "forward" : "gradient",
      operation: timing.kind)
    current[work, default: Entry()].add(
      seconds: Double(timing.nanoseconds) * 1e-9,
      floatingPointOperations: timing.floatingPointOperations, byteCount: timing.byteCount)
  }

  /// Adds work around loss and gradients.
  func add(_ operation: String, seconds: Double, byteCount: Int = 0) {
    current[Work(operation: operation), default: Entry()].add(
      seconds: seconds, floatingPointOperations: 0, byteCount: byteCount)
  }

  /// Takes what was added since the step before into the profile, but for a first step.
  ///
  /// - Parameter seconds: of the whole step.
  func endStep(pairs: Int, seconds: Double) {
    defer {
      current.removeAll(keepingCapacity: true)
      hasSteps = true
    }
    guard hasSteps else { return }
    stepCount += 1
    pairCount += pairs
    self.seconds += seconds
    entries.merge(current) { $0 + $1 }
  }

  /// What takes longest first.
  var rows: [(work: Work, entry: Entry)] {
    entries.map { ($0.key, $0.value) }.sorted {
      ($1.entry.seconds, $0.work.label) < ($0.entry.seconds, $1.work.label)
    }
  }

  /// What all rows take together.
  var accountedSeconds: Double { rows.reduce(0) { $0 + $1.entry.seconds } }
}

extension StepProfile.Work {
  /// Part and pass: `text gradient`.
  var place: String { [part, pass].compactMap(\.self).joined(separator: " ") }

  fileprivate var label: String { "\(place) \(operation)" }
}

extension StepProfile.Entry {
  fileprivate mutating func add(seconds: Double, floatingPointOperations: Int, byteCount: Int) {
    callCount += 1
    self.seconds += seconds
    self.floatingPointOperations += floatingPointOperations
    self.byteCount += byteCount
  }

  fileprivate static func + (left: Self, right: Self) -> Self {
    Self(
      callCount: left.callCount + right.callCount, seconds: left.seconds + right.seconds,
      floatingPointOperations: left.floatingPointOperations + right.floatingPointOperations,
      byteCount: left.byteCount + right.byteCount)
  }

  /// A billion operations a second, of products.
  var gigaflops: Double? {
    floatingPointOperations > 0 && seconds > 0
      ? Double(floatingPointOperations) / seconds * 1e-9 : nil
  }

  /// A billion bytes a second, of work that memory bounds.
  var gigabytesPerSecond: Double? {
    floatingPointOperations == 0 && byteCount > 0 && seconds > 0
      ? Double(byteCount) / seconds * 1e-9 : nil
  }
}

extension Trainer {
  /// Measures from now on where the time of steps goes.
  ///
  /// It changes no bit of the run.
  public func profileSteps() -> StepProfile {
    let profile = StepProfile()
    preparation.step.profile { profile.add($0, $1) }
    self.profile = profile
    return profile
  }

  /// Does something that is a part of a step, and measures it where steps are profiled.
  func measured<Result>(
    _ operation: String, byteCount: Int = 0, _ body: () -> Result
  ) -> Result {
    guard let profile else { return body() }
    let start = ContinuousClock.now
    let result = body()
    profile.add(
      operation, seconds: (ContinuousClock.now - start).seconds, byteCount: byteCount)
    return result
  }
}
