internal import CPUDevice
internal import DurableFiles
internal import PairData
internal import Tokenizers

/// What is to be embedded, and where to. Rows of files come before rows of shards.
public struct EmbeddingRequest: Sendable {
  /// A text file, a text a line; `-` for standard input.
  public var texts: String?
  /// A folder of pictures, or one.
  public var images: String?
  public var pairs: PairChoice?
  /// The folder for the results; made where it is missing.
  public var output: String

  public init(texts: String?, images: String?, pairs: PairChoice?, output: String) {
    self.texts = texts
    self.images = images
    self.pairs = pairs
    self.output = output
  }
}

/// What embeddings are written as: an array, and the lines that say what its rows are.
enum EmbeddingFiles {
  static let texts = ["text_embeddings.npy", "texts.jsonl"]
  static let images = ["image_embeddings.npy", "images.jsonl"]
}

/// What came of an embedding request.
public struct EmbeddingReport: Sendable {
  /// Rows written; nothing where no texts, or no pictures, were asked for.
  public internal(set) var textCount: Int?
  public internal(set) var imageCount: Int?
  /// Files of the picture folder whose names do not end like a picture's.
  public internal(set) var otherFileCount = 0
  /// A line for each pair that was skipped.
  public internal(set) var damagedPairs: [String] = []
  /// From the first line or picture that was read to the last row that was written.
  public internal(set) var seconds = 0.0
  /// What matrix products rounded their operands to.
  public internal(set) var products = ""

  /// The figures for scripts.
  public var json: JSONText {
    .object([
      ("texts", textCount.map { .integer($0) } ?? .null),
      ("images", imageCount.map { .integer($0) } ?? .null), ("seconds", .number(seconds)),
      ("products", .text(products)),
    ])
  }
}

extension CheckpointModel {
  /// Two chunks of the image tower: while they are encoded, the next ones are decoded.
  private static let picturesAtOnce = 64

  /// Writes unit vectors and a line for each; nothing is published before all is done.
  public func embed(
    _ request: EmbeddingRequest, progress: Progress = { _, _, _ in }
  ) async throws(ModelError) -> EmbeddingReport {
    var report = EmbeddingReport()
    let embedder = try makeEmbedder()
    let wantsTexts = request.texts != nil || request.pairs != nil
    let wantsImages = request.images != nil || request.pairs != nil
    // What was asked for is looked at before anything is made.
    let lines = try request.texts.map { path throws(ModelError) in try TextLines(path) }
    let pictures = try request.images.map { path throws(ModelError) in try self.pictures(path) }
    let walk = try request.pairs.map { choice throws(ModelError) in try self.walk(choice) }
    try OutputFolder.make(request.output, for: .embed)
    let texts = try wantsTexts ? table(request.output, EmbeddingFiles.texts) : nil
    let images = try wantsImages ? table(request.output, EmbeddingFiles.images) : nil
    let start = ContinuousClock.now
    if let lines, let texts { try await embed(lines, with: embedder, into: texts, progress) }
    if let pictures, let images {
      report.otherFileCount = pictures.otherCount
      try await embed(pictures, with: embedder, into: images, progress)
    }
    if let walk, let texts, let images {
      report.damagedPairs = try await embed(walk, with: embedder, texts, images, progress)
    }
    try texts?.publish()
    try images?.publish()
    report.seconds = (ContinuousClock.now - start).seconds
    report.products = loaded.device.products.rawValue
    report.textCount = texts?.rowCount
    report.imageCount = images?.rowCount
    return report
  }

  private func table(
    _ folder: String, _ names: [String]
  ) throws(ModelError) -> EmbeddingTable {
    try EmbeddingTable(folder: folder, array: names[0], lines: names[1], width: width)
  }

  private func embed(
    _ lines: TextLines, with embedder: Embedder, into table: EmbeddingTable, _ progress: Progress
  ) async throws(ModelError) {
    var encoded = EncodedLines(
      lines, tokenizer: loaded.tokenizer, contextLength: loaded.description.contextLength,
      tokensAtOnce: embedder.tokensPerChunk, taskCount: loaderTasks)
    while let (texts, ids) = try await encoded.next() {
      try table.append(
        embedder.embedTexts(ids), texts.map { .object([("text", .text($0))]) })
      progress(table.rowCount, nil, "texts")
      try StopSignals.check()
    }
  }

  private func embed(
    _ pictures: PictureFiles, with embedder: Embedder, into table: EmbeddingTable,
    _ progress: Progress
  ) async throws(ModelError) {
    var walk = PictureWalk(pictures, atOnce: Self.picturesAtOnce, taskCount: loaderTasks)
    while let (range, batch) = try await Self.next(&walk) {
      try table.append(
        embedder.embed(batch), range.map { .object([("file", .text(pictures.names[$0]))]) })
      progress(range.upperBound, pictures.count, "pictures")
      try StopSignals.check()
    }
  }

  private func embed(
    _ walk: EvaluationPairs, with embedder: Embedder, _ texts: EmbeddingTable,
    _ images: EmbeddingTable, _ progress: Progress
  ) async throws(ModelError) -> [String] {
    var walk = walk
    var pairCount = 0
    while let batch = try await Self.next(&walk) {
      let places = zip(batch.keys, batch.shards).map { key, shard in
        [("key", JSONText.text(key)), ("shard", JSONText.text(shard))]
      }
      try images.append(embedder.embed(batch.images), places.map { .object($0) })
      try texts.append(
        embedder.embedTexts(batch.tokens.texts),
        zip(batch.captions, batch.partners).map { caption, partner in
          .object([("text", .text(caption))] + places[partner - batch.firstImage])
        })
      pairCount += batch.pairIndices.count + batch.damaged.count
      progress(pairCount, walk.pairCount, "pairs")
      try StopSignals.check()
    }
    return walk.damaged.map(\.description)
  }
}

extension CheckpointModel {
  /// The ids of a text, as the tower learned to see it.
  func ids(_ text: String) -> [Int32] {
    loaded.tokenizer.encode(text, contextLength: loaded.description.contextLength).ids
  }

  func pictures(_ path: String) throws(ModelError) -> PictureFiles {
    do throws(PairDataError) {
      return try PictureFiles(path, preparation: loaded.description.preparation())
    } catch {
      throw .data(error)
    }
  }

  /// - Returns: [pictures.count, width].
  func embeddings(
    of pictures: PictureFiles, with embedder: Embedder
  ) async throws(ModelError) -> [Float] {
    do throws(PairDataError) {
      return embedder.embed(try await pictures.batch(0..<pictures.count, taskCount: loaderTasks))
    } catch {
      throw .data(error)
    }
  }

  static func next(
    _ walk: inout PictureWalk<PixelBatch>
  ) async throws(ModelError) -> (range: Range<Int>, batch: PixelBatch)? {
    do throws(PairDataError) {
      return try await walk.next()
    } catch {
      throw .data(error)
    }
  }

  /// All pairs of a choice, in order.
  func walk(_ choice: PairChoice) throws(ModelError) -> EvaluationPairs {
    var configuration = LoaderConfiguration(
      batchPairs: 64, contextLength: loaded.description.contextLength,
      images: loaded.description.preparation())
    configuration.captions = try selector(choice.captions)
    configuration.taskCount = loaderTasks
    configuration.damagePolicy = DamagedPairPolicy(limit: choice.damageLimit)
    return EvaluationPairs(
      pairs: try pairs(choice.shards), tokenizer: loaded.tokenizer, configuration: configuration)
  }

  static func next(
    _ walk: inout EvaluationPairs
  ) async throws(ModelError) -> EvaluationBatch? {
    do throws(PairDataError) {
      return try await walk.next()
    } catch {
      throw .data(error)
    }
  }
}
