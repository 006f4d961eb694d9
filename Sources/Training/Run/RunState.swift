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
  /// Whether the run ended because validation stopped getting better.
  var isStopped = false

  /// As a checkpoint's `/run` attributes.
  var values: [(name: String, value: RunValue)] {
    func integer(_ number: Int) -> RunValue { .integer(Int64(number)) }
    var values: [(name: String, value: RunValue)] = [
      ("step", integer(step)), ("epoch", integer(cursor.epoch)),
      ("position", integer(cursor.position)), ("update_count", integer(updateCount)),
      ("skipped_count", integer(skippedCount)), ("nonfinite_count", integer(nonFiniteInARow)),
      ("best_step", integer(bestStep)), ("worse_count", integer(worseCount)),
      ("is_stopped", integer(isStopped ? 1 : 0)),
    ]
    if let bestValue { values.append(("best_value", .real(bestValue))) }
    return values
  }

  init() {}

  /// Reads a checkpoint's `/run` attributes.
  init(_ document: CheckpointDocument, file: String) throws(ModelError) {
    guard let run = document.run else {
      throw .mismatch(
        found: "\(file): no run wrote this checkpoint",
        expected: "A run's own checkpoint was expected",
        advice: "Start a run from it with `model: { from: … }`.")
    }
    func integer(_ name: String) throws(ModelError) -> Int {
      guard case .integer(let number)? = run.first(where: { $0.name == name })?.value,
        number >= 0, number < 1 << 53
      else {
        throw .checkpoint(
          .damaged(path: file, member: "run/\(name)", problem: "it is missing or negative"))
      }
      return Int(number)
    }
    step = try integer("step")
    cursor = DataCursor(epoch: try integer("epoch"), position: try integer("position"))
    updateCount = try integer("update_count")
    skippedCount = try integer("skipped_count")
    nonFiniteInARow = try integer("nonfinite_count")
    bestStep = try integer("best_step")
    worseCount = try integer("worse_count")
    isStopped = try integer("is_stopped") == 1
    if case .real(let value)? = run.first(where: { $0.name == "best_value" })?.value {
      bestValue = value
    }
  }
}
