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
      // Places. What lies there is compared by content: the data by its fingerprint, while model
      // and vocabulary are in the checkpoint.
      "data.train", "data.validation", "data.vocabulary", "model.from", "model.image_from",
      "data.damage_limit",
    ]
    return free.contains { key == $0 || ($0.hasSuffix(".") && key.hasPrefix($0)) }
  }
}

extension RecipeDifference: CustomStringConvertible {
  var description: String { "`\(key)` was \(before ?? "not given"), is \(now ?? "not given")" }
}
