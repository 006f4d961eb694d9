internal import ArgumentParser
internal import Training

/// `duiqi export`: encoders for others.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a checkpoint's weights or encoders for other programs.",
    discussion: """
      The profile onnx writes text_encoder.onnx and image_encoder.onnx, which give unit vectors, \
      and the tokenizer and preprocessing files beside them; huggingface a folder for \
      ChineseCLIPModel.from_pretrained; chinese-clip a .pt for the original's programs and its two \
      ONNX files, whose features are not of unit length.

      Example:
        duiqi export checkpoints/emoji/best.h5 --profile onnx --output exported
      """)

  @Argument(help: "A checkpoint, or a run's folder for its best one.")
  var checkpoint: String

  @Option(help: "For whom the files are: onnx, huggingface, chinese-clip.")
  var profile: String

  @Option(
    help: ArgumentHelp(
      "The folder for the files; made where it is missing.", valueName: "folder"))
  var output: String

  @Option(help: "How numbers are stored: float32.")
  var precision = "float32"

  @OptionGroup var console: ConsoleOptions

  func validate() throws {
    try Self.check(profile, "--profile", among: Profile.allCases.map(\.rawValue))
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
    guard let profile = Profile(rawValue: profile) else {
      preconditionFailure("`validate` refuses what is no profile.")
    }
    StopSignals.install()
    let model = try CheckpointModel(checkpoint)
    let progress = CommandProgress(console)
    let paths =
      switch profile {
      case .huggingface: try model.exportHuggingFace(to: output, progress: progress.show)
      case .chineseCLIP: try model.exportChineseCLIP(to: output, progress: progress.show)
      case .onnx: try model.exportONNX(to: output)
      }
    progress.finish()
    for path in paths { console.note("wrote \(path)") }
    switch profile {
    case .huggingface: console.note(model.huggingFaceLoading(from: output))
    case .chineseCLIP: console.note(model.chineseCLIPLoading(from: output))
    case .onnx: break
    }
  }

  private enum Profile: String, CaseIterable {
    case onnx
    case huggingface
    case chineseCLIP = "chinese-clip"
  }
}
