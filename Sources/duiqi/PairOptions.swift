internal import ArgumentParser
internal import Training

/// Options of the commands that read pair shards.
struct PairOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Which captions of a pair count: txt, FIELD or FIELD:first.",
      discussion: "As the checkpoint was validated with, if not given.", valueName: "selector"))
  var captions: String?

  @Option(
    help: ArgumentHelp(
      "The largest share of damaged pairs that are skipped, such as 1% or 0.01.",
      valueName: "share"))
  var damageLimit = Share(percent: 1)

  func validate() throws {
    guard (0...1).contains(damageLimit.value) else {
      throw ValidationError(
        "--damage-limit is \(damageLimit.defaultValueDescription). A share was expected, from 0 to "
          + "100 % or from 0 to 1. Write one such as 1%.")
    }
  }

  func choice(of shards: [String]) -> PairChoice {
    PairChoice(shards: shards, captions: captions, damageLimit: damageLimit.value)
  }
}
