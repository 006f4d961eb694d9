internal import ArgumentParser
internal import Training

/// `duiqi index`: documents with a picture and a text, ready to be searched.
struct Index: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a search index of the pairs of shards.",
    discussion: """
      The folder holds the vectors, the documents and the checkpoint; pictures stay in the \
      shards, which it names by their absolute paths.

      Example:
        duiqi index checkpoints/emoji/best.h5 --shards data/*.tar --output emoji-index
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
      "The folder for the index; made where it is missing.", valueName: "folder"))
  var output: String

  @OptionGroup var pairs: PairOptions
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var console: ConsoleOptions

  func run() async throws {
    StopSignals.install()
    let model = try precision.open(checkpoint, console)
    let progress = CommandProgress(console)
    let report = try await model.index(
      pairs.choice(of: shards), to: output, progress: progress.show)
    progress.finish()
    console.noteDamage(report.damagedPairs)
    console.note("\(FixedText.count(report.documentCount, "document")) indexed in \(output)")
  }
}
