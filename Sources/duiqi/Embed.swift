internal import ArgumentParser
internal import Training

/// `duiqi embed`: unit vectors of texts and pictures.
struct Embed: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write unit vectors of texts and pictures as NumPy arrays.",
    discussion: """
      Writes text_embeddings.npy with texts.jsonl, and image_embeddings.npy with images.jsonl: \
      Float32 [rows, width], and a line of JSON for each row. A text file has a text a line; a \
      folder's pictures go in byte order of their names. Rows of files come before rows of shards, \
      and name those by the paths that were given.

      Example:
        duiqi embed checkpoints/emoji/best.h5 --texts queries.txt --images photos \\
          --output embeddings
      """)

  @Argument(help: "A checkpoint, or a run's folder for its best one.")
  var checkpoint: String

  @Option(help: ArgumentHelp("A text file; - for standard input.", valueName: "file"))
  var texts: String?

  @Option(help: ArgumentHelp("A folder of pictures, or one picture.", valueName: "path"))
  var images: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Pair shards: pictures and captions both.", valueName: "shards"))
  var shards: [String] = []

  @Option(
    help: ArgumentHelp(
      "The folder for the results; made where it is missing.", valueName: "folder"))
  var output: String

  @Flag(help: "Print counts and the time as one JSON object.")
  var json = false

  @OptionGroup var pairs: PairOptions
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var console: ConsoleOptions

  func validate() throws {
    if texts == nil, images == nil, shards.isEmpty {
      throw ValidationError("Nothing to embed: give --texts, --images or --shards.")
    }
    if shards.isEmpty, let option = pairs.given {
      throw ValidationError(
        "\(option) was given, which says which pairs of shards count. --shards was expected with "
          + "it. Add --shards, or leave \(option) out.")
    }
  }

  func run() async throws {
    StopSignals.install()
    let model = try precision.open(checkpoint, console)
    let progress = CommandProgress(console)
    let request = EmbeddingRequest(
      texts: texts, images: images, pairs: shards.isEmpty ? nil : pairs.choice(of: shards),
      output: output)
    let report = try await model.embed(request, progress: progress.show)
    progress.finish()
    console.noteDamage(report.damagedPairs)
    if report.otherFileCount > 0 {
      console.note(
        "passed over \(FixedText.count(report.otherFileCount, "file")) not named like a picture")
    }
    let parts = [
      report.textCount.map { FixedText.count($0, "text") },
      report.imageCount.map { FixedText.count($0, "picture") },
    ]
    if json { try Terminal.write(report.json.line + "\n") }
    console.note("\(parts.compactMap { $0 }.joined(separator: " and ")) embedded in \(output)")
  }
}
