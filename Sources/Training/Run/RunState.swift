internal import Checkpoints
internal import PairData

/// Where a run is: everything besides tensors that it needs to go on as if it had never stopped.
struct RunState: Equatable {
  /// Steps done, skipped ones included.
  var step = 0
  /// Where the next batch begins.
  var cursor = DataCursor.start
  /// Updates applied: what the optimizer's bias correction counts.
  var updateCount = 0
  /// Steps without an update because something was not finite, and how many of them in a row.
  var skippedCount = 0
  var nonFiniteInARow = 0
  /// The best validation so far.
  var bestValue: Double?
  var bestStep = 0
  /// Validations since then.
  var worseCount = 0
  /// Whether the step has a validation that a signal kept from its end.
  var validationIsDue = false
  /// Whether the run ended because validation stopped getting better.
  var isStopped = false
  /// Numbers of the pairs that could not be read so far.
  var damagedPairs = PairNumbers()
  /// What the training pairs were when the run began, ``PairSet/fingerprint``.
  var dataFingerprint = ""
  /// What the best validation was measured on, the same of those pairs; empty where there are none.
  var validationFingerprint = ""
  /// The digest over the teacher's parameters; empty without one.
  var teacherSHA256 = ""

  /// As a checkpoint's `/run` attributes.
  var values: [(name: String, value: RunValue)] {
    func integer(_ number: Int) -> RunValue { .integer(Int64(number)) }
    var values: [(name: String, value: RunValue)] = [
      ("step", integer(step)), ("epoch", integer(cursor.epoch)),
      ("position", integer(cursor.position)), ("update_count", integer(updateCount)),
      ("skipped_count", integer(skippedCount)), ("nonfinite_count", integer(nonFiniteInARow)),
      ("best_step", integer(bestStep)), ("worse_count", integer(worseCount)),
      ("validation_is_due", integer(validationIsDue ? 1 : 0)),
      ("is_stopped", integer(isStopped ? 1 : 0)), ("damaged_pairs", .text(damagedPairs.text)),
      ("data_fingerprint", .text(dataFingerprint)),
      ("validation_fingerprint", .text(validationFingerprint)),
    ]
    if let bestValue { values.append(("best_value", .real(bestValue))) }
    if !teacherSHA256.isEmpty { values.append(("teacher_sha256", .text(teacherSHA256))) }
    return values
  }

  init() {}

  /// Forgets the best validation, as after a change of what it is measured by or on.
  mutating func forgetBest() { (bestValue, bestStep, worseCount) = (nil, 0, 0) }

  /// Decides whether validation has ended the run; without a limit it never does.
  mutating func stop(afterWorse limit: Int?) {
    isStopped = limit.map { worseCount >= $0 } ?? false
  }

  /// Whether no step is left to take.
  func hasEnded(totalSteps: Int) -> Bool { step >= totalSteps || isStopped }

  /// Whether nothing is left to do, a validation included.
  func isOver(totalSteps: Int) -> Bool { hasEnded(totalSteps: totalSteps) && !validationIsDue }

  /// Reads a checkpoint's `/run` attributes.
  init(_ document: CheckpointDocument, file: String) throws(ModelError) {
    guard let run = document.run else {
      throw .mismatch(
        found: "\(file): no run wrote this checkpoint",
        expected: "A run's own checkpoint was expected",
        advice: "Start a run from it with `model: { from: … }`.")
    }
    func value(_ name: String) -> RunValue? { run.first { $0.name == name }?.value }
    func integer(_ name: String) throws(ModelError) -> Int {
      guard case .integer(let number)? = value(name), number >= 0, number < 1 << 53 else {
        throw .checkpoint(
          .damaged(path: file, member: "run/\(name)", problem: "it is missing or negative"))
      }
      return Int(number)
    }
    func text(_ name: String) throws(ModelError) -> String {
      guard case .text(let text)? = value(name) else {
        throw .checkpoint(.damaged(path: file, member: "run/\(name)", problem: "it is missing"))
      }
      return text
    }
    step = try integer("step")
    cursor = DataCursor(epoch: try integer("epoch"), position: try integer("position"))
    updateCount = try integer("update_count")
    skippedCount = try integer("skipped_count")
    nonFiniteInARow = try integer("nonfinite_count")
    bestStep = try integer("best_step")
    worseCount = try integer("worse_count")
    validationIsDue = try integer("validation_is_due") == 1
    isStopped = try integer("is_stopped") == 1
    guard let pairs = PairNumbers(try text("damaged_pairs")) else {
      throw .checkpoint(
        .damaged(path: file, member: "run/damaged_pairs", problem: "these are no pair numbers"))
    }
    damagedPairs = pairs
    dataFingerprint = try text("data_fingerprint")
    // Missing in files of earlier versions.
    if case .text(let text)? = value("validation_fingerprint") { validationFingerprint = text }
    if case .real(let value)? = value("best_value") { bestValue = value }
    if case .text(let digest)? = value("teacher_sha256") { teacherSHA256 = digest }
  }
}

/// Numbers of pairs, as short as an attribute's text needs it: each less the one before.
struct PairNumbers: Equatable {
  /// In order.
  private(set) var numbers: [Int] = []
  /// An attribute's text is limited. What does not fit is met and counted anew after a resume.
  private static let textLimit = 30_000

  init() {}

  init(_ numbers: some Sequence<Int>) { self.numbers = numbers.sorted() }

  init?(_ text: String) {
    var last = 0
    for part in text.split(separator: " ") {
      guard let gap = Int(part), gap >= 0, gap < 1 << 40 else { return nil }
      last += gap
      numbers.append(last)
    }
  }

  var text: String {
    var text = ""
    var last = 0
    for number in numbers {
      let part = (text.isEmpty ? "" : " ") + "\(number - last)"
      guard text.utf8.count + part.utf8.count <= PairNumbers.textLimit else { break }
      text += part
      last = number
    }
    return text
  }
}
