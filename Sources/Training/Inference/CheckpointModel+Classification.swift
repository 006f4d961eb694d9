internal import PairData

/// What is to be classified, and into what.
public struct ClassificationRequest: Sendable {
  /// A text file, a class name a line.
  public var labels: String
  /// A folder of pictures, of folders of pictures, or one picture.
  public var images: String
  /// A text file, a template a line; the built-in ones where there is none.
  public var templates: String?

  public init(labels: String, images: String, templates: String?) {
    self.labels = labels
    self.images = images
    self.templates = templates
  }
}

extension CheckpointModel {
  private static let picturesAtOnce = 64

  /// Zero-shot classification: each picture gets the class whose prompts lie nearest.
  ///
  /// A class is the direction of the mean of its prompts' unit vectors; probabilities are the
  /// softmax over classes of cosines times the model's own multiplier (Radford et al. 2021,
  /// arXiv:2103.00020, section 3.1).
  public func classify(
    _ request: ClassificationRequest, progress: Progress = { _, _, _ in }
  ) async throws(ModelError) -> Classification {
    let labels = try Self.labels(request.labels)
    let templates =
      try request.templates.map { path throws(ModelError) in try PromptTemplates(file: path) }
      ?? .usual
    let groups = try picturesByClass(request.images, labels: labels, file: request.labels)
    let embedder = try makeEmbedder()
    let classes = try classVectors(labels, templates, with: embedder, progress)
    let total = groups.reduce(0) { $0 + $1.pictures.count }
    var images: [Classification.Image] = []
    for group in groups {
      var walk = PictureWalk(
        group.pictures, atOnce: Self.picturesAtOnce, taskCount: loaderTasks)
      while let (range, batch) = try await Self.next(&walk) {
        for (index, image) in zip(range, Self.rows(embedder.embed(batch), width: width)) {
          images.append(
            Classification.Image(
              file: group.prefix + group.pictures.names[index],
              probabilities: probabilities(of: image, classes: classes), truth: group.truth))
        }
        progress(images.count, total, "pictures")
        try StopSignals.check()
      }
    }
    return Classification(labels: labels, images: images)
  }

  /// The vector of each class; prompts of several classes share a chunk.
  private func classVectors(
    _ labels: [String], _ templates: PromptTemplates, with embedder: Embedder,
    _ progress: Progress
  ) throws(ModelError) -> [[Float]] {
    let prompts = labels.map { templates.prompts(for: $0).map(ids) }
    let tokenCounts = prompts.map { $0.reduce(0) { $0 + $1.count } }
    var classes: [[Float]] = []
    while classes.count < labels.count {
      let start = classes.count
      var (end, tokenCount) = (start, 0)
      repeat {
        tokenCount += tokenCounts[end]
        end += 1
      } while end < labels.count && tokenCount + tokenCounts[end] <= embedder.tokensPerChunk
      let rows = Self.rows(
        embedder.embedTexts(prompts[start..<end].flatMap { $0 }), width: width)
      for first in stride(from: 0, to: rows.count, by: prompts[start].count) {
        classes.append(
          UnitVectors.direction(ofSum: Array(rows[first..<first + prompts[start].count])))
      }
      progress(classes.count, labels.count, "classes")
      try StopSignals.check()
    }
    return classes
  }

  private struct PictureGroup {
    var prefix = ""
    /// The class that the pictures are known to have.
    var truth: Int?
    var pictures: PictureFiles
  }

  private func picturesByClass(
    _ path: String, labels: [String], file: String
  ) throws(ModelError) -> [PictureGroup] {
    let folders: ClassFolders?
    do throws(PairDataError) {
      folders = try ClassFolders(path, preparation: loaded.description.preparation())
    } catch {
      throw .data(error)
    }
    guard let folders else { return [PictureGroup(pictures: try pictures(path))] }
    let names = folders.classes.map(\.name)
    var groups: [PictureGroup] = []
    for (name, pictures) in folders.classes {
      guard let truth = ClassNumbering.label(ofFolder: name, among: names, labels: labels) else {
        throw .mismatch(
          found: "\(path)/\(name): this folder is named like no class of \(file)",
          expected: "Folders named like the \(labels.count) classes, or numbered in their order, "
            + "were expected",
          advice: "Rename it, or give a folder with pictures alone.")
      }
      groups.append(PictureGroup(prefix: "\(name)/", truth: truth, pictures: pictures))
    }
    return groups
  }

  private static func labels(_ file: String) throws(ModelError) -> [String] {
    let lines = try TextLines(file).all()
    var seen: Set<String> = []
    for (number, text) in lines where !seen.insert(text).inserted {
      throw .unreadableLine(
        path: file, line: number, problem: "the class `\(text)` was there before")
    }
    guard lines.count > 1 else {
      throw .mismatch(
        found: "\(file): there are \(lines.count) class names",
        expected: "Two or more, a line each, were expected", advice: "Add the others.")
    }
    return lines.map(\.text)
  }

  private static func rows(_ values: [Float], width: Int) -> [[Float]] {
    stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  private func probabilities(of image: [Float], classes: [[Float]]) -> [Double] {
    let logits = classes.map { row in
      Double(logitScale) * zip(image, row).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    return Softmax.probabilities(logits)
  }
}
