internal import Checkpoints
internal import Models
internal import Tokenizers

/// What a checkpoint's text tower sees of each line of a text file, as lines of JSON.
///
/// The checkpoint's parameters are not read.
public final class TokenizedLines {
  /// How many texts were done so far, and how many of them were cut to the tower's context.
  public private(set) var textCount = 0
  public private(set) var truncatedCount = 0
  private let tokenizer: Tokenizer
  private let contextLength: Int
  private let lines: TextLines

  /// - Parameter texts: a text file; `-` for standard input.
  public init(checkpoint: String, texts: String) throws(ModelError) {
    let path = try UserCheckpoint.file(checkpoint)
    let reader = try UserCheckpoint.open(path)
    let description = try ModelDescription(reader)
    tokenizer = try LoadedModel.tokenizer(
      reader.document.vocabulary, path: path,
      expected: description.configuration.text.vocabularyCount)
    contextLength = description.contextLength
    lines = try TextLines(texts)
  }

  /// The next lines, each with its line end; nil when all texts are done.
  public func next() throws(ModelError) -> String? {
    let texts = try lines.next(256)
    return texts.isEmpty ? nil : texts.map { line(of: $0) + "\n" }.joined()
  }

  private func line(of text: String) -> String {
    let result = tokenizer.encode(text, contextLength: contextLength)
    textCount += 1
    truncatedCount += result.isTruncated ? 1 : 0
    return JSONText.object([
      ("text", .text(text)), ("ids", .array(result.ids.map { .integer(Int($0)) })),
      ("tokens", .array(tokenizer.tokens(for: result.ids).map { .text($0) })),
      ("truncated", .boolean(result.isTruncated)),
    ]).line
  }
}
