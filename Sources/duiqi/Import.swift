internal import ArgumentParser
internal import Training

/// `duiqi import`: other programs' weights as a checkpoint.
struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a checkpoint of other programs' weights.",
    discussion: """
      A source is a Hugging Face folder of a ChineseCLIPModel, or a .pt of Chinese-CLIP, whose \
      sizes are read from its shapes. With --image and --text instead, a model begins as \
      Chinese-CLIP did: the image tower of CLIP, a Chinese BERT, a new projection of texts. Says \
      what became of every tensor; one that nothing is known of is an error. Runs nothing that is \
      in a file.

      Example:
        duiqi import clip_cn_vit-b-16.pt --vocabulary vocab.txt --output vit-b-16.h5
        duiqi import --image ViT-B-16.pt --text chinese-roberta-wwm-ext --output start.h5
      """)

  @Argument(help: "A Hugging Face folder, or a .pt file of Chinese-CLIP.")
  var source: String?

  @Option(
    help: ArgumentHelp("A file of CLIP, for its image tower alone.", valueName: "file"))
  var image: String?

  @Option(
    help: ArgumentHelp("A folder or file of a Chinese BERT, for a text tower.", valueName: "path"))
  var text: String?

  @Option(help: ArgumentHelp("The checkpoint to write (.h5).", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "The published size that the weights must have, such as ViT-B-16.", valueName: "name"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "The model's vocab.txt, where it is not beside the weights.", valueName: "file"))
  var vocabulary: String?

  @Option(
    help: ArgumentHelp(
      "How wide a head of the image tower is, for sizes that were not published.",
      valueName: "width"))
  var imageHeadWidth: Int?

  @Option(
    help: ArgumentHelp(
      "How wide a head of the text tower is, for sizes that were not published.",
      valueName: "width"))
  var textHeadWidth: Int?

  @Option(help: ArgumentHelp("What a new projection is drawn from.", valueName: "number"))
  var seed: UInt64 = 1

  @Flag(help: "Take weights that are not finite as they are.")
  var allowNonfinite = false

  @Flag(help: "Print the report as one JSON object, with every tensor.")
  var json = false

  @OptionGroup var console: ConsoleOptions

  func validate() throws {
    guard (source == nil) == (image != nil), (image == nil) == (text == nil) else {
      throw ValidationError(
        "What is imported must be one source, or --image and --text. Give one of these.")
    }
    if let model, !ImportRequest.isPublished(model) {
      throw ValidationError(
        "`--model \(model)` is not a published size that is imported. These are: "
          + "\(ImportRequest.publishedModels.joined(separator: ", ")), each also with @ and a text "
          + "tower. Choose one of these.")
    }
  }

  private var origin: ImportRequest.Source {
    if let image, let text { return .towers(image: image, text: text) }
    return .model(source ?? "")
  }

  func run() throws {
    StopSignals.install()
    let progress = CommandProgress(console)
    let request = ImportRequest(
      origin, output: output, model: model, vocabulary: vocabulary,
      imageHeadWidth: imageHeadWidth, textHeadWidth: textHeadWidth,
      allowsNonFinite: allowNonfinite, seed: seed)
    let report = try ModelImport.run(request, progress: progress.show)
    progress.finish()
    try Terminal.write((json ? report.json.line : report.description) + "\n")
  }
}
