public import DurableFiles

/// What became of a pair set's embeddings: which were there, which were made, where they are.
public struct CachingReport: Sendable, Equatable {
  /// What was encoded: `picture` or `caption`.
  public let content: String
  public internal(set) var count = 0
  /// Those whose embeddings were in cache files.
  public internal(set) var reusedCount = 0
  /// Those that went through the tower now, pictures that cannot be read among them.
  public internal(set) var encodedCount = 0
  public internal(set) var encodingSeconds = 0.0
  /// Where the files are, in the order of the shards; each once.
  public internal(set) var folders: [String] = []
  /// Of the files.
  public internal(set) var bytes = 0
  /// Why files, or parts of them, were of no use.
  public internal(set) var problems: [String] = []
  /// Why some of it is not kept; nothing where all of it is.
  public internal(set) var refusals: [FileError] = []
  /// A line for each pair whose picture, or whose captions, cannot be used.
  public internal(set) var damagedPairs: [String] = []

  init(content: String) { self.content = content }

  var perSecond: Double {
    encodingSeconds > 0 ? Double(encodedCount) / encodingSeconds : 0
  }

  /// Takes note of a file.
  mutating func add(_ path: String, bytes: Int) {
    let folder = Folder.parent(of: path)
    if !folders.contains(folder) { folders.append(folder) }
    self.bytes += bytes
  }

  /// Takes what became of another view of the same pictures.
  mutating func add(_ other: CachingReport) {
    count += other.count
    reusedCount += other.reusedCount
    encodedCount += other.encodedCount
    encodingSeconds += other.encodingSeconds
    folders += other.folders.filter { !folders.contains($0) }
    bytes += other.bytes
    problems += other.problems.filter { !problems.contains($0) }
    for refusal in other.refusals { add(refusal) }
    damagedPairs += other.damagedPairs.filter { !damagedPairs.contains($0) }
  }

  /// Takes note of a file that cannot be written. The embeddings are used all the same.
  mutating func add(_ refusal: FileError) {
    if !refusals.contains(refusal) { refusals.append(refusal) }
  }

  /// One reason of several.
  ///
  /// - Parameter errors: why a file cannot be written, in each of the places that it might be in.
  static func refusal(of errors: [FileError]) -> FileError? {
    guard let first = errors.first else { return nil }
    let others = errors.dropFirst().map { error in
      "; \(error.path): cannot \(error.operation.rawValue): \(error.reason)"
    }
    return FileError(
      first.operation, path: first.path, code: first.code,
      problem: first.reason + others.joined())
  }

  public var json: JSONText {
    .object([
      ("content", .text("\(content)s")), ("count", .integer(count)),
      ("reused", .integer(reusedCount)),
      ("encoded", .integer(encodedCount)), ("encoding_seconds", .number(encodingSeconds)),
      ("per_second", .number(perSecond)),
      ("folders", .array(folders.map { .text($0) })), ("bytes", .integer(bytes)),
      ("kept", .boolean(refusals.isEmpty && !folders.isEmpty)),
      ("problems", .array((problems + refusals.map(\.description)).map { .text($0) })),
      ("damaged", .array(damagedPairs.map { .text($0) })),
    ])
  }
}

extension CachingReport: CustomStringConvertible {
  /// One line, such as `147 pictures: 100 from the cache, 47 encoded, 31.2 a second; 0.4 MiB in …`.
  public var description: String {
    var parts: [String] = []
    if reusedCount > 0 { parts.append("\(reusedCount) from the cache") }
    if encodedCount > 0 {
      let rate = FixedText.number(perSecond, decimals: 1)
      parts.append("\(encodedCount) encoded, \(rate) a second")
    }
    if parts.isEmpty { parts.append("nothing to encode") }
    let text = "\(FixedText.count(count, content)): \(parts.joined(separator: ", "))"
    guard !folders.isEmpty else { return text + "; not kept" }
    let size = FixedText.number(Double(bytes) / Double(1 << 20), decimals: 1)
    return text + "; \(size) MiB in \(folders.joined(separator: ", "))"
  }
}
