internal import ArgumentParser
internal import Training

/// `duiqi classify`: zero-shot classification.
struct Classify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sort pictures into classes that are only named, never trained on.",
    discussion: """
      Each class name is put into every template, and the mean of these prompts stands for the \
      class. Where the pictures lie in folders named like the classes, or numbered in their order, \
      the share of right answers is printed too. Probabilities are the softmax over all classes, \
      with the model's own multiplier.

      Example:
        duiqi classify checkpoints/emoji/best.h5 --labels classes.txt --images photos
      """)

  @Argument(help: "A checkpoint, or a run's folder for its best one.")
  var checkpoint: String

  @Option(help: ArgumentHelp("A text file, a class name a line.", valueName: "file"))
  var labels: String

  @Option(
    help: ArgumentHelp(
      "A folder of pictures, or of folders with pictures, one a class.", valueName: "folder"))
  var images: String

  @Option(
    help: ArgumentHelp(
      "A text file, a template a line, such as {}的照片; some Chinese ones where it is left out.",
      valueName: "file"))
  var templates: String?

  @Option(
    help: ArgumentHelp(
      "How many classes a picture gets; 3, all of them with --json.", valueName: "count"))
  var top: Int?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var console: ConsoleOptions

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top is \(top). It must be 1 or more.") }
  }

  func run() async throws {
    StopSignals.install()
    let model = try precision.open(checkpoint, console)
    let progress = CommandProgress(console)
    let request = ClassificationRequest(labels: labels, images: images, templates: templates)
    let result = try await model.classify(request, progress: progress.show)
    progress.finish()
    try Terminal.write((json ? result.json(top: top).line : result.text(top: top ?? 3)) + "\n")
  }
}
