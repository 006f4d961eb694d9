internal import CPUDevice
internal import DurableFiles
internal import PairData
internal import StrictJSON

/// An index that `duiqi index` wrote: every document is compared with a query, none is missed.
///
///     let index = try SearchIndex("index")
///     let answers = try await index.search([.text("笑脸")], mode: .textToImage, top: 10)
public final class SearchIndex {
  struct Document {
    let key: String
    let shard: String
    let text: String
  }

  /// Rows compared at once: 16 MiB of vectors of width 512.
  private static let rowsAtOnce = 8_192

  let documents: [Document]
  private let images: NumpyRows
  private let texts: NumpyRows
  let model: CheckpointModel
  private let embedder: Embedder

  /// Reads all of the index once, to compare its files with their digests.
  ///
  /// - Throws: `damagedIndex` where the parts do not belong together.
  public init(_ folder: String) throws(ModelError) {
    let path = "\(folder)/\(SearchIndexFiles.description)"
    let facts = try Self.description(path)
    for name in SearchIndexFiles.digested where name != SearchIndexFiles.checkpoint {
      try Self.requireDigest(of: name, in: folder, facts)
    }
    (images, texts) = try CheckpointModel.reporting { () throws(FileError) in
      (
        try NumpyRows("\(folder)/\(SearchIndexFiles.images)"),
        try NumpyRows("\(folder)/\(SearchIndexFiles.texts)")
      )
    }
    documents = try Self.documents("\(folder)/\(SearchIndexFiles.documents)")
    let count = facts["documents"]?.integer.map { Int($0) }
    guard count == documents.count, images.rowCount == count, texts.rowCount == count else {
      throw .damagedIndex(
        path: path,
        problem: "its \(documents.count) documents have \(images.rowCount) pictures' "
          + "and \(texts.rowCount) texts' vectors")
    }
    model = try CheckpointModel("\(folder)/\(SearchIndexFiles.checkpoint)")
    guard facts["checkpoint_sha256"]?.string == model.sha256, images.width == model.width,
      texts.width == model.width
    else {
      throw .damagedIndex(
        path: path, problem: "another checkpoint than \(SearchIndexFiles.checkpoint) made it")
    }
    // After its own digests, which name the damaged member.
    try Self.requireDigest(of: SearchIndexFiles.checkpoint, in: folder, facts)
    embedder = try model.makeEmbedder()
  }

  public var documentCount: Int { documents.count }

  /// The nearest documents of each query.
  ///
  /// - Parameters:
  ///   - queries: all texts, or all pictures for `imageToImage`.
  ///   - top: how many answers a query gets, if there are so many documents.
  public func search(
    _ queries: [SearchQuery], mode: SearchMode, top: Int
  ) async throws(ModelError) -> [SearchAnswers] {
    let vectors = try await embeddings(of: queries)
    var nearest = queries.map { _ in NearestDocuments(limit: top) }
    for start in stride(from: 0, to: documents.count, by: Self.rowsAtOnce) {
      let rows = start..<min(start + Self.rowsAtOnce, documents.count)
      let candidates = try self.vectors(of: rows, mode: mode)
      let scores = products(vectors, candidates)
      for query in queries.indices {
        for row in rows {
          nearest[query].offer(
            row, key: documents[row].key,
            score: scores[query * rows.count + row - rows.lowerBound])
        }
      }
      try StopSignals.check()
    }
    return zip(queries, nearest).map { query, nearest in
      SearchAnswers(mode: mode, query: query, results: results(nearest))
    }
  }

  private func results(_ nearest: NearestDocuments) -> [SearchAnswers.Result] {
    nearest.entries.enumerated().map { place, entry in
      let document = documents[entry.row]
      return SearchAnswers.Result(
        rank: place + 1, key: document.key, score: entry.score, text: document.text,
        shard: document.shard)
    }
  }

  /// - Returns: [queries.count, width].
  private func embeddings(of queries: [SearchQuery]) async throws(ModelError) -> [Float] {
    var vectors: [Float] = []
    for query in queries {
      switch query {
      case .text(let text): vectors += embedder.embedTexts([model.ids(text)])
      case .image(let path):
        let picture = try model.pictures(path)
        guard picture.count == 1 else {
          throw .mismatch(
            found: "\(path) is a folder", expected: "A query is one picture",
            advice: "Name a picture file.")
        }
        vectors += try await model.embeddings(of: picture, with: embedder)
      }
    }
    return vectors
  }

  /// What a mode compares queries with, [rows.count, width].
  private func vectors(of rows: Range<Int>, mode: SearchMode) throws(ModelError) -> [Float] {
    try CheckpointModel.reporting { () throws(FileError) in
      switch mode {
      case .textToText: return try texts.read(rows)
      case .textToImage, .imageToImage: return try images.read(rows)
      case .textToAverage:
        let (image, text) = (try images.read(rows), try texts.read(rows))
        return stride(from: 0, to: image.count, by: model.width).flatMap { start in
          let part = start..<start + model.width
          return UnitVectors.direction(ofSum: [Array(image[part]), Array(text[part])])
        }
      }
    }
  }

  private func products(_ queries: [Float], _ candidates: [Float]) -> [Float] {
    let count = queries.count / model.width * (candidates.count / model.width)
    return [Float](unsafeUninitializedCapacity: count) { target, initializedCount in
      queries.withUnsafeBufferPointer { queries in
        candidates.withUnsafeBufferPointer { candidates in
          model.loaded.device.dotProducts(
            of: queries, with: candidates, width: model.width,
            into: UnsafeMutableBufferPointer(rebasing: target[..<count]))
        }
      }
      initializedCount = count
    }
  }
}
