internal import ArgumentParser
internal import Training

/// `duiqi export`: encoders for others.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a checkpoint's encoders for other programs.",
    discussion: """
      The profile onnx writes text_encoder.onnx and image_encoder.onnx, which give unit vectors, \
      and the tokenizer and preprocessing files beside them.

      Example:
        duiqi export checkpoints/emoji/best.h5 --profile onnx --output exported
      """)

  @Argument(help: "A checkpoint, or a run's folder for its best one.")
  var checkpoint: String

  @Option(help: "For whom the encoders are: onnx.")
  var profile: String

  @Option(
    help: ArgumentHelp(
      "The folder for the files: empty, or of an earlier such call.", valueName: "folder"))
  var output: String

  @Option(help: "How numbers are stored: float32.")
  var precision = "float32"

  @OptionGroup var console: ConsoleOptions

  func validate() throws {
    try Self.check(profile, "--profile", among: ["onnx"])
    try Self.check(precision, "--precision", among: ["float32"])
  }

  /// Names of other versions are refused by saying what this one has.
  private static func check(_ value: String, _ option: String, among known: [String]) throws {
    guard known.contains(value) else {
      throw ValidationError(
        "`\(option) \(value)` is not in this version. It has: \(known.joined(separator: ", ")). "
          + "Choose one of these.")
    }
  }

  func run() throws {
    let model = try CheckpointModel(checkpoint)
    for path in try model.exportONNX(to: output) { console.note("wrote \(path)") }
  }
}
