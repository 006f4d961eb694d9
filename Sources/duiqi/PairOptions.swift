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
      "The largest share of damaged pairs that are skipped, from 0 to 1.", valueName: "share"))
  var damageLimit = 0.01

  func validate() throws {
    guard (0...1).contains(damageLimit) else {
      throw ValidationError("--damage-limit is \(damageLimit). It is a share, from 0 to 1.")
    }
  }

  func choice(of shards: [String]) -> PairChoice {
    PairChoice(shards: shards, captions: captions, damageLimit: damageLimit)
  }
}
