internal import ArgumentParser
internal import Training

/// `duiqi cache`: a locked tower's embeddings, kept beside the shards.
struct Cache: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Encode the pictures of shards once and keep the embeddings beside them.",
    discussion: """
      A run that locks the image tower reads them instead of encoding; it would make and keep them \
      itself before its first step. They go to .duiqi-cache beside the shards, or to \
      $XDG_CACHE_HOME/duiqi (~/.cache/duiqi) where that folder cannot be written. What is there \
      already is checked and reused; what is damaged, or of other pictures, is encoded again. A \
      stopped command goes on where it stopped when it is given again.

      Example:
        duiqi cache checkpoints/chinese_clip_vit_b16.h5 --shards data/train-*.tar data/valid.tar
      """)

  @Argument(help: "A checkpoint, or a run's folder for its best one.")
  var checkpoint: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Pair shards: paths with {0000..0031}, {a,b}, * or ?.", valueName: "shards"))
  var shards: [String]

  @Option(
    help: ArgumentHelp(
      "As the recipe has it: float32 or bfloat16.",
      discussion: "A run uses only embeddings of its own precision.",
      valueName: "float32|bfloat16"))
  var precision = Recipe.Precision.float32

  @Option(
    help: ArgumentHelp(
      "The largest share of pictures that may be damaged, such as 1% or 0.01.",
      valueName: "share"))
  var damageLimit = Share(percent: 1)

  @Flag(help: "Print one JSON object: what was reused, encoded, why, where, how fast.")
  var json = false

  @OptionGroup var console: ConsoleOptions

  func run() async throws {
    StopSignals.install()
    let filling = try CacheFilling(checkpoint, precision: precision)
    if filling.precision != precision.rawValue {
      console.note(
        "this processor has no \(precision.rawValue) products, \(filling.precision) is used")
    }
    let progress = CommandProgress(console)
    let choice = PairChoice(shards: shards, damageLimit: damageLimit.value)
    let report: CachingReport
    do {
      report = try await filling.cachePictures(of: choice, tell: console.note) {
        progress.show($0, $1, "pictures")
      }
      progress.finish()
    } catch ModelError.interrupted(let signal) {
      progress.finish()
      console.note("stopped; what was encoded is kept. Give the same command again to go on")
      throw ExitCode(ExitStatus.stopped(by: signal))
    }
    for problem in report.problems { console.note(problem) }
    console.noteDamage(report.damagedPairs)
    try Terminal.write((json ? report.json.line : "\(report)") + "\n")
    if let refusal = report.refusal { throw ModelError.file(refusal) }
  }
}
