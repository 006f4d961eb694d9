/// A key that two recipes give different values, as they are written; nothing where one lacks it.
struct RecipeDifference: Equatable {
  let key: String
  let before: String?
  let now: String?

  /// Whether a run may go on with the new value: it changes how long, how often and with what a
  /// run works, or where its files lie, but not what a step computes.
  var keepsRun: Bool {
    let free = [
      "length", "validate.", "checkpoints.", "threads.", "memory_budget", "non_finite.",
      // Places. The training pairs are compared by their fingerprint, a vocabulary with the
      // checkpoint's, a teacher by its digest. Other validation pairs or captions are allowed: the
      // best validation is then forgotten.
      "data.train", "data.validation", "data.validation_captions", "data.vocabulary",
      "data.damage_limit", "data.cache", "objective.distillation.teacher",
    ]
    return free.contains { key == $0 || ($0.hasSuffix(".") && key.hasPrefix($0)) }
  }

  /// Whether figures of validations before cannot be compared with those from now on.
  ///
  /// Other validation pairs are noticed by their fingerprint, wherever they lie.
  var changesBest: Bool {
    key == "validate.choose_best_by" || key == "data.validation_captions"
  }
}

extension RecipeDifference: CustomStringConvertible {
  var description: String { "`\(key)` was \(before ?? "not given"), is \(now ?? "not given")" }
}
