internal import Tokenizers

/// The lines of a text file as token ids, a chunk at a time, in order.
///
/// Lines are tokenized by several tasks, and those after the ones handed out already are.
struct EncodedLines {
  private struct Line: Sendable {
    let text: String
    let ids: [Int32]
  }

  /// Read and tokenized together; several times what a task needs to be worth its start.
  private static let linesAtOnce = 512

  private let lines: TextLines
  private let tokenizer: Tokenizer
  private let contextLength: Int
  private let tokensAtOnce: Int
  private let taskCount: Int
  private var pending: Task<[Line], Never>?
  /// Tokenized and not handed out.
  private var ready: ArraySlice<Line> = []
  private var readyTokenCount = 0

  /// - Parameter tokensAtOnce: what is handed out has as many tokens at most, or is one line.
  init(
    _ lines: TextLines, tokenizer: Tokenizer, contextLength: Int, tokensAtOnce: Int, taskCount: Int
  ) {
    self.lines = lines
    self.tokenizer = tokenizer
    self.contextLength = contextLength
    self.tokensAtOnce = tokensAtOnce
    self.taskCount = max(1, taskCount)
  }

  /// The next lines and their ids; nil when all were handed out.
  mutating func next() async throws(ModelError) -> (texts: [String], ids: [[Int32]])? {
    while readyTokenCount < tokensAtOnce {
      if pending == nil { pending = try tokenizeMore() }
      guard let task = pending else { break }
      pending = try tokenizeMore()
      let more = await task.value
      ready += more
      readyTokenCount += more.reduce(0) { $0 + $1.ids.count }
    }
    guard !ready.isEmpty else { return nil }
    var (count, tokenCount) = (0, 0)
    for line in ready {
      if count > 0, tokenCount + line.ids.count > tokensAtOnce { break }
      count += 1
      tokenCount += line.ids.count
    }
    let chunk = ready.prefix(count)
    ready = ready.dropFirst(count)
    readyTokenCount -= tokenCount
    return (chunk.map(\.text), chunk.map(\.ids))
  }

  /// Reads on, and starts what tokenizes it; nil at the end of the file.
  private func tokenizeMore() throws(ModelError) -> Task<[Line], Never>? {
    let texts = try lines.next(Self.linesAtOnce)
    guard !texts.isEmpty else { return nil }
    let (tokenizer, contextLength) = (tokenizer, contextLength)
    let share = (texts.count + taskCount - 1) / taskCount
    let parts = stride(from: 0, to: texts.count, by: share).map { start in
      let part = texts[start..<min(start + share, texts.count)]
      return Task {
        part.map { text in
          Line(text: text, ids: tokenizer.encode(text, contextLength: contextLength).ids)
        }
      }
    }
    return Task {
      var lines: [Line] = []
      for part in parts { lines += await part.value }
      return lines
    }
  }
}
