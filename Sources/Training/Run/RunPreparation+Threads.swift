extension RunPreparation {
  /// The most compute threads that are taken: more would do nothing but wait for each other.
  static func threadLimit(cores: Int) -> Int { max(64, 4 * cores) }

  /// Refuses so many compute threads that steps would hardly end.
  static func requireEndingSteps(threads: Int, cores: Int) throws(ModelError) {
    let limit = threadLimit(cores: cores)
    guard threads > limit else { return }
    throw .mismatch(
      found: "`threads.compute` is \(threads), and this process may use "
        + FixedText.count(cores, "core"),
      expected: "At most \(limit) threads were expected: every operation waits for all of them, "
        + "and those without a core keep it waiting",
      advice: "Leave the key out, or give --set threads.compute=all.")
  }

  /// What to say of more compute threads than cores.
  static func threadNote(threads: Int, cores: Int) -> String? {
    guard threads > cores else { return nil }
    return "`threads.compute` is \(threads), and this process may use "
      + "\(FixedText.count(cores, "core")), of which at most so many threads were expected: every "
      + "operation waits for all of them, so that steps take longer. Without the key it is \(cores)"
  }
}
