internal import DurableFiles
internal import Glibc

/// The lines of a text file, one after another: each is a text, empty ones too.
///
/// Lines end in a line feed, with or without a carriage return before it; a byte order mark at the
/// start is passed over. Pipes are read as well as files, and `-` is standard input.
final class TextLines {
  /// A longer line is no text that someone wrote.
  static let lineLimit = 16 << 20

  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var position = 0
  private var lineCount = 0
  private var isAtEnd = false

  init(_ path: String) throws(ModelError) {
    self.path = path
    descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(FileError(.open, path: path, code: errno)) }
  }

  deinit {
    if descriptor > STDERR_FILENO { close(descriptor) }
  }

  /// The next lines, at most so many; none at the end.
  func next(_ limit: Int) throws(ModelError) -> [String] {
    var lines: [String] = []
    while lines.count < limit, let line = try next() { lines.append(line) }
    return lines
  }

  private func next() throws(ModelError) -> String? {
    var end = buffer[position...].firstIndex(of: 0x0A)
    while end == nil, !isAtEnd {
      guard buffer.count - position <= Self.lineLimit else {
        throw unreadable("the line has more than \(Self.lineLimit) bytes")
      }
      let searched = buffer.count - position
      try fill()
      end = buffer[(position + searched)...].firstIndex(of: 0x0A)
    }
    guard end != nil || position < buffer.count else { return nil }
    var line = buffer[position..<(end ?? buffer.count)]
    position = end.map { $0 + 1 } ?? buffer.count
    if line.last == 0x0D { line.removeLast() }
    if lineCount == 0, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    guard let text = String(validating: line, as: UTF8.self) else {
      throw unreadable("the line is not UTF-8")
    }
    lineCount += 1
    return text
  }

  /// Drops what was handed out and reads on.
  private func fill() throws(ModelError) {
    buffer.removeFirst(position)
    position = 0
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR {
        try StopSignals.check()
        continue
      }
      guard count >= 0 else { throw .file(FileError(.read, path: path, code: errno)) }
      isAtEnd = count == 0
      buffer += chunk[..<count]
      return
    }
  }

  private func unreadable(_ problem: String) -> ModelError {
    .unreadableLine(path: path, line: lineCount + 1, problem: problem)
  }
}
