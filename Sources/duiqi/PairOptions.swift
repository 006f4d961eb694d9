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
      "The largest share of damaged pairs that are skipped, such as 5% or 0.05.",
      discussion: "\(PairChoice.usualDamageLimit), if not given.", valueName: "share"))
  var damageLimit: Share?

  /// The option that was given, where one was.
  var given: String? {
    captions != nil ? "--captions" : damageLimit != nil ? "--damage-limit" : nil
  }

  func validate() throws {
    if let damageLimit, !(0...1).contains(damageLimit.value) {
      throw ValidationError(
        "--damage-limit is \(damageLimit). A share was expected, from 0 to 100 % or from 0 to 1. "
          + "Write one such as 1%.")
    }
  }

  func choice(of shards: [String]) -> PairChoice {
    PairChoice(
      shards: shards, captions: captions,
      damageLimit: damageLimit?.value ?? PairChoice.usualDamageLimit)
  }
}
