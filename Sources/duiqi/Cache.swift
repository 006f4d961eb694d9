internal import ArgumentParser
internal import Training

/// `duiqi cache`: a locked tower's embeddings, kept beside the shards.
struct Cache: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Encode the pictures of shards once and keep the embeddings beside them.",
    discussion: """
      A run that locks the tower reads them instead of encoding; it would make and keep them \
      itself before its first step. They go to .duiqi-cache beside the shards, or to \
      $XDG_CACHE_HOME/duiqi (~/.cache/duiqi) where that folder cannot be written. What is there \
      already is checked and reused; what is damaged, or of other pictures, is encoded again. A \
      stopped command goes on where it stopped when it is given again. A run uses only embeddings \
      of its own precision.

      Example:
        duiqi cache checkpoints/chinese_clip_vit_b16.h5 --shards data/*.tar
      """)

  @Argument(help: "A checkpoint, or a run's folder for its best one.")
  var checkpoint: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Pair shards: paths with {0000..0031}, {a,b}, * or ?.", valueName: "shards"))
  var shards: [String]

  @Flag(help: "Encode the captions too, for recipes that lock the text tower.")
  var texts = false

  @Option(
    help: ArgumentHelp(
      "So many augmented views of each picture, instead of pictures as they are.",
      discussion: "As a recipe's data.views; needs --augmentation.", valueName: "k"))
  var views: Int?

  @Option(
    help: ArgumentHelp(
      "What makes the views, as a recipe's data.augmentation: crop(0.9, 1.0), roll(2), "
        + "chinese_clip.", valueName: "augmentation"))
  var augmentation: String?

  @Flag(help: "Print one JSON object: what was reused, encoded, why, where, how fast.")
  var json = false

  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var pairs: PairOptions
  @OptionGroup var console: ConsoleOptions

  func validate() throws {
    guard (views == nil) == (augmentation == nil) else {
      throw ValidationError(
        "--views and --augmentation belong together, one was given. Add the other or leave both "
          + "out.")
    }
    _ = try augmentedViews()
    guard texts || pairs.captions == nil else {
      throw ValidationError(
        "--captions is given and --texts is not, so that no caption would be encoded. Add --texts "
          + "or leave --captions out.")
    }
  }

  private func augmentedViews() throws -> AugmentedViews? {
    guard let views, let augmentation else { return nil }
    guard let both = AugmentedViews(augmentation, count: views) else {
      throw ValidationError(
        "--views is \(views), --augmentation \(augmentation). From 1 to 1000 views of crop(0.9, "
          + "1.0), roll(2) or chinese_clip were expected. Correct them.")
    }
    return both
  }

  func run() async throws {
    StopSignals.install()
    let model = try precision.open(checkpoint, console)
    let progress = CommandProgress(console)
    let keeping = CacheKeeping(console)
    let choice = pairs.choice(of: shards)
    var reports: [CachingReport] = []
    do {
      // Captions first: a wrong selector is refused before pictures take their time.
      if texts {
        reports.append(
          try await model.cacheCaptions(of: choice, listener: keeping.listener) {
            keeping.add($0)
            progress.show($0.done, $0.total, "pairs' captions")
          })
      }
      reports.insert(
        try await model.cachePictures(
          of: choice, views: augmentedViews(), listener: keeping.listener
        ) {
          keeping.add($0)
          progress.show($0.done, $0.total, "pictures")
        }, at: 0)
      progress.finish()
    } catch ModelError.interrupted(let signal) {
      progress.finish()
      console.note(keeping.stopNote)
      throw ExitCode(ExitStatus.stopped(by: signal))
    }
    for problem in reports.flatMap(\.problems) { console.note(problem) }
    let pictures = reports[0].damagedPairs
    console.noteDamage(pictures)
    // A pair without a picture has no captions that count either.
    console.noteDamage(
      reports.dropFirst().flatMap(\.damagedPairs).filter { !pictures.contains($0) })
    let text =
      json
      ? JSONText.object([("cached", .array(reports.map(\.json)))]).line
      : reports.map(\.description).joined(separator: "\n")
    try Terminal.write(text + "\n")
    // Said before, and yet what was asked for was not done.
    if let refusal = reports.lazy.flatMap(\.refusals).first { throw ModelError.file(refusal) }
  }
}
