internal import ArgumentParser
internal import Training

/// `duiqi tokenize`: what a text tower sees.
struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the token ids that a checkpoint's text tower gets for texts.",
    discussion: """
      Prints a line of JSON for each line of the file: text, ids, tokens, and whether the text was \
      cut to the tower's context.

      Example:
        duiqi tokenize checkpoints/emoji/best.h5 --texts queries.txt
      """)

  @Argument(help: "A checkpoint, or a run's folder for its best one.")
  var checkpoint: String

  @Option(help: ArgumentHelp("A text file; - for standard input.", valueName: "file"))
  var texts: String

  @OptionGroup var console: ConsoleOptions

  func run() throws {
    let lines = try TokenizedLines(checkpoint: checkpoint, texts: texts)
    while !Terminal.hasNoReader, let text = try lines.next() { try Terminal.write(text) }
    if lines.truncatedCount > 0 {
      console.note("\(lines.truncatedCount) of \(FixedText.count(lines.textCount, "text")) cut")
    }
  }
}
