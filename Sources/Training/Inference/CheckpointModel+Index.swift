internal import DurableFiles
internal import Glibc
internal import PairData

/// What came of making a search index.
public struct IndexReport: Sendable {
  public let documentCount: Int
  /// A line for each pair that was skipped.
  public let damagedPairs: [String]
}

extension CheckpointModel {
  /// Writes an index of documents that have a picture and a text: the pairs of shards.
  ///
  /// The checkpoint becomes part of the index (by a second name where the file system can), so
  /// that queries are embedded by the model that embedded the documents, whatever becomes of it.
  public func index(
    _ choice: PairChoice, to folder: String, progress: Progress = { _, _, _ in }
  ) async throws(ModelError) -> IndexReport {
    var walk = try walk(choice)
    let embedder = try makeEmbedder()
    try OutputFolder.make(folder, for: .index)
    let documents = try EmbeddingTable(
      folder: folder, array: SearchIndexFiles.images, lines: SearchIndexFiles.documents,
      width: width)
    let texts = try Self.reporting { () throws(FileError) in
      try NumpyFile("\(folder)/\(SearchIndexFiles.texts)", width: width)
    }
    var visitedCount = 0
    while let batch = try await Self.next(&walk) {
      try documents.append(embedder.embed(batch.images), Self.lines(of: batch))
      let captions = embedder.embedTexts(batch.tokens.texts)
      let means = means(of: captions, partners: batch.partners, first: batch.firstImage)
      try Self.reporting { () throws(FileError) in try texts.write(means) }
      visitedCount += batch.pairIndices.count + batch.damaged.count
      progress(visitedCount, walk.pairCount, "pairs")
      try StopSignals.check()
    }
    guard documents.rowCount > 0 else {
      throw .damagedIndex(path: folder, problem: "no pair can be read, there is nothing to index")
    }
    try publish(documents, texts, to: folder, captions: try selector(choice.captions))
    return IndexReport(
      documentCount: documents.rowCount, damagedPairs: walk.damaged.map(\.description))
  }

  /// The description goes first and comes last: without it the other files are no index.
  private func publish(
    _ documents: EmbeddingTable, _ texts: NumpyFile, to folder: String, captions: CaptionSelector
  ) throws(ModelError) {
    let description = "\(folder)/\(SearchIndexFiles.description)"
    try Self.reporting { () throws(FileError) in
      guard unlink(description) == 0 || errno == ENOENT else {
        throw FileError(.remove, path: description, code: errno)
      }
    }
    try documents.publish()
    try Self.reporting { () throws(FileError) in
      try texts.publish()
      try SharedCopy.make(of: path, at: "\(folder)/\(SearchIndexFiles.checkpoint)")
      var digests: [(String, JSONText)] = []
      for name in SearchIndexFiles.digested {
        digests.append((name, .text(try SHA256.hexadecimalDigest(ofFile: "\(folder)/\(name)"))))
      }
      let facts = JSONText.object([
        ("format", .text(SearchIndexFiles.format)),
        ("format_version", .integer(SearchIndexFiles.formatVersion)),
        ("tool_version", .text(ToolVersion.current)), ("documents", .integer(documents.rowCount)),
        ("width", .integer(width)), ("captions", .text(captions.description)),
        ("checkpoint_sha256", .text(sha256)), ("sha256", .object(digests)),
      ])
      try AtomicFile.write(Array((facts.line + "\n").utf8), to: description)
    }
  }

  private static func lines(of batch: EvaluationBatch) -> [JSONText] {
    var firstCaptions = [String](repeating: "", count: batch.keys.count)
    for (caption, partner) in zip(batch.captions, batch.partners).reversed() {
      firstCaptions[partner - batch.firstImage] = caption
    }
    return zip(zip(batch.keys, batch.shards), firstCaptions).map { place, caption in
      .object([
        ("key", .text(place.0)), ("shard", .text(absolutePath(place.1))),
        ("text", .text(caption)),
      ])
    }
  }

  /// A unit row for each picture: of one caption its own, of several the direction of their mean.
  private func means(of captions: [Float], partners: [Int], first: Int) -> [Float] {
    var means: [Float] = []
    var row = 0
    while row < partners.count {
      var end = row
      while end < partners.count, partners[end] == partners[row] { end += 1 }
      let rows = (row..<end).map { Array(captions[$0 * width..<($0 + 1) * width]) }
      means += rows.count == 1 ? rows[0] : UnitVectors.direction(ofSum: rows)
      row = end
    }
    return means
  }

  private static func absolutePath(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  static func reporting<Result>(
    _ body: () throws(FileError) -> Result
  ) throws(ModelError) -> Result {
    do {
      return try body()
    } catch {
      throw .file(error)
    }
  }
}
