internal import ArgumentParser
internal import Training

/// `duiqi search`: the documents nearest to texts or pictures.
struct Search: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Search an index with texts or pictures.",
    discussion: """
      Modes: text2text, text2image (the default for texts), text2average (the direction between a \
      document's text and picture), image2image (the default for pictures). Scores are cosines; \
      ties go by key. With --json each query gets a line.

      Example:
        duiqi search emoji-index --text 笑脸 --text 火车 --top 5 --sheet answers.png
      """)

  @Argument(help: "A folder that `duiqi index` wrote.")
  var index: String

  @Option(help: "A text to search for; may be given several times.")
  var text: [String] = []

  @Option(
    help: ArgumentHelp(
      "A picture to search for; may be given several times.", valueName: "file"))
  var image: [String] = []

  @Option(help: "What queries are compared with.")
  var mode: SearchMode?

  @Option(help: ArgumentHelp("How many answers a query gets.", valueName: "count"))
  var top = 10

  @Option(
    help: ArgumentHelp("Draw the answers as one PNG, a row a query.", valueName: "file"))
  var sheet: String?

  @Flag(help: "Print a JSON object a query.")
  var json = false

  @OptionGroup var console: ConsoleOptions

  func validate() throws {
    guard text.isEmpty != image.isEmpty else {
      throw ValidationError(
        text.isEmpty
          ? "Nothing to search for: give --text or --image."
          : "Both --text and --image were given: give one of them.")
    }
    guard text.allSatisfy({ $0.contains { !$0.isWhitespace } }) else {
      throw ValidationError("--text is empty. Something to search for was expected. Write a text.")
    }
    if let sheet, !sheet.lowercased().hasSuffix(".png") {
      throw ValidationError(
        "--sheet is \(sheet). A sheet is a PNG. Give it a name that ends in .png.")
    }
    guard (1...100_000).contains(top) else {
      throw ValidationError("--top is \(top). From 1 to 100000 answers can be given.")
    }
    if let mode, (mode == .imageToImage) != text.isEmpty {
      throw ValidationError(
        "--mode \(mode.rawValue) does not go with \(text.isEmpty ? "pictures" : "texts"). "
          + "Texts have text2text, text2image and text2average, pictures image2image.")
    }
  }

  func run() async throws {
    let index = try SearchIndex(index)
    let queries = text.map { SearchQuery.text($0) } + image.map { SearchQuery.image($0) }
    let answers = try await index.search(
      queries, mode: mode ?? (text.isEmpty ? .imageToImage : .textToImage), top: top)
    for answer in answers {
      try Terminal.write((json ? answer.json.line : answer.description) + "\n")
    }
    if let sheet {
      try index.drawSheet(answers, to: sheet)
      console.note("wrote \(sheet)")
    }
  }
}
