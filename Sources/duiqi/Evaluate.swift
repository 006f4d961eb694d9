internal import ArgumentParser
internal import Training

/// `duiqi evaluate`: retrieval figures.
struct Evaluate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how well the pictures and captions of shards find each other.",
    discussion: """
      Prints recall at 1, 5 and 10, mean recall, median and mean rank in both directions. A \
      picture's own captions are its partners; ties count against a query.

      Example:
        duiqi evaluate checkpoints/emoji/best.h5 --data data/test.tar --captions zh:first
      """)

  @Argument(help: "A checkpoint, or a run's folder for its best one.")
  var checkpoint: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Pair shards: paths with {0000..0031}, {a,b}, * or ?.", valueName: "shards"))
  var data: [String]

  @Flag(help: "Print one JSON object with shares from 0 to 1.")
  var json = false

  @OptionGroup var pairs: PairOptions
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var console: ConsoleOptions

  func run() async throws {
    let model = try precision.open(checkpoint, console)
    let progress = CommandProgress(console)
    let report = try await model.evaluate(pairs.choice(of: data), progress: progress.show)
    progress.finish()
    console.noteDamage(report.damagedPairs)
    let metrics = report.metrics
    try Terminal.write((json ? metrics.json.line : metrics.description) + "\n")
  }
}
