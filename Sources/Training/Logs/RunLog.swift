internal import Glibc
internal import Logging

/// `run.log`: what happened in a run and when, a line each, for people.
///
/// A line is one `write` to a file opened for appending, so a killed run leaves whole lines.
struct RunLog {
  private let logger: Logger

  init(path: String) {
    let descriptor = SystemCall.open(path, O_WRONLY | O_CREAT | O_APPEND)
    logger = Logger(label: "duiqi.run") { _ in RunLogLines(file: LogFile(descriptor)) }
  }

  func note(_ text: String) { logger.info("\(text)") }

  func warn(_ text: String) { logger.warning("\(text)") }
}

/// An open file that closes with its last user.
private final class LogFile: Sendable {
  /// Nothing where it could not be opened; lines are then lost, training goes on.
  let descriptor: Int32?

  init(_ descriptor: Int32?) { self.descriptor = descriptor }

  deinit {
    if let descriptor { close(descriptor) }
  }
}

/// Writes `2026-11-25T17:47:13Z info: text`; further lines of a text are indented.
private struct RunLogLines: LogHandler {
  let file: LogFile
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  init(file: LogFile) { self.file = file }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    guard let descriptor = file.descriptor else { return }
    let text = "\(event.message)".split(separator: "\n", omittingEmptySubsequences: false)
      .joined(separator: "\n    ")
    _ = SystemCall.write("\(Self.now()) \(event.level): \(text)\n", to: descriptor)
  }

  private static func now() -> String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
