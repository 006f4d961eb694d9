internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import Glibc
internal import Models
internal import PairData
internal import Tokenizers
internal import WeightFiles

/// Other programs' weights as a checkpoint.
///
///     let request = ImportRequest(.model("clip_cn_vit-b-16.pt"), output: "vit-b-16.h5")
///     print(try ModelImport.run(request))
///
/// One tensor is in memory at a time, so a file may be larger than it. Nothing appears under the
/// output's name before all of it is written, read back and compared.
public struct ModelImport {
  let description: ModelDescription
  let tokenizer: Tokenizer
  let plan: ImportPlan
  private let sources: [WeightFile]
  private let notes: [String]

  public static func run(
    _ request: ImportRequest, progress: CheckpointModel.Progress = { _, _, _ in }
  ) throws(ModelError) -> ImportReport {
    try ModelImport(request).write(request, progress: progress)
  }

  /// Opens the files and finds out whether they are a model; reads no weights.
  init(_ request: ImportRequest) throws(ModelError) {
    do throws(ModelError) {
      try self.init(source: request)
    } catch {
      guard case .importing(.unknownHeads(let path, let tower, let width, _)) = error,
        let name = request.model
      else { throw error }
      // A width that has no published heads is not the model's that was named.
      throw .importing(
        .mixedSizes(path: path, found: "the \(tower) tower has the width \(width)", expected: name))
    }
    if let other = sources.first(where: { Self.isSame($0.path, request.output) }) {
      throw .importing(.replacesSource(path: other.path))
    }
  }

  private init(source request: ImportRequest) throws(ModelError) {
    switch request.source {
    case .model(let path) where Folder.exists(path):
      guard request.imageHeadWidth == nil, request.textHeadWidth == nil else {
        throw .mismatch(
          found: "\(path) is a folder whose config.json says how many heads there are",
          expected: "Widths of heads were expected only with files, which say nothing of them",
          advice: "Leave out `--image-head-width` and `--text-head-width`.")
      }
      try self.init(folder: path, request)
    case .model(let path) where !FileContents.exists(path):
      throw .importing(.missingSource(path: path))
    case .model(let path):
      try self.init(file: path, request)
    case .towers(let image, let text):
      try self.init(image: image, text: text, request)
    }
  }

  private init(folder: String, _ request: ImportRequest) throws(ModelError) {
    let model = try HuggingFaceFolder(folder)
    let weights = try ForeignWeights(folder)
    try self.init(
      ModelDescription(
        configuration: model.configuration, contextLength: model.contextLength,
        decoding: HuggingFaceFolder.decoding, normalization: model.normalization,
        captions: .automatic),
      request, vocabularyFolder: folder,
      parts: [
        .init(
          weights: weights, entries: HuggingFaceChineseCLIP.entries(for: model.configuration),
          harmless: .huggingFace)
      ], notes: model.notes)
  }

  private init(file: String, _ request: ImportRequest) throws(ModelError) {
    let weights = try ForeignWeights(file)
    let configuration = try OriginalSizes.model(weights, request)
    try self.init(
      Self.description(configuration), request, vocabularyFolder: Folder.parent(of: file),
      parts: [
        .init(
          weights: weights, entries: ChineseCLIP.entries(for: configuration), harmless: .original)
      ])
  }

  init(
    _ description: ModelDescription, _ request: ImportRequest, vocabularyFolder: String,
    parts: [ImportPlan.Part], drawn: Set<String> = [], notes: [String] = []
  ) throws(ModelError) {
    do throws(ModelError) {
      // What this refuses no command could open.
      self.description = try ModelDescription(
        configuration: description.configurationText,
        preprocessing: description.preprocessingText, file: parts[0].weights.path)
    } catch {
      throw .importing(
        .unsupported(
          place: parts[0].weights.path, found: description.configuration.summary,
          advice: "A size that checkpoints have room for was expected. Use such a model."))
    }
    sources = parts.map(\.weights.file)
    try Self.check(description.configuration, isPublishedAs: request.model, in: sources[0].path)
    plan = try ImportPlan(
      DualEncoder(description.configuration).parameters, from: parts, drawn: drawn)
    let (tokenizer, note) = try VocabularyFile.tokenizer(
      request.vocabulary, folder: vocabularyFolder,
      expected: description.configuration.text.vocabularyCount)
    self.tokenizer = tokenizer
    self.notes = notes + [note].compactMap(\.self)
  }

  /// As Chinese-CLIP reads pictures: transparency dropped, the camera's orientation not looked at.
  static let decoding = ImageDecodingOptions(alpha: .dropped, orientation: .ignored)

  static func description(_ configuration: DualEncoder.Configuration) -> ModelDescription {
    ModelDescription(
      configuration: configuration,
      contextLength: min(OriginalSizes.contextLength, configuration.text.positionCount),
      decoding: decoding, normalization: .clip, captions: .automatic)
  }

  private static func check(
    _ configuration: DualEncoder.Configuration, isPublishedAs name: String?, in path: String
  ) throws(ModelError) {
    guard let name, DualEncoder.Configuration.published(name) != configuration else { return }
    throw .importing(
      .mixedSizes(path: path, found: "the weights are \(configuration.summary)", expected: name))
  }

  private static func isSame(_ left: String, _ right: String) -> Bool {
    var (first, second) = (stat(), stat())
    return stat(left, &first) == 0 && stat(right, &second) == 0 && first.st_dev == second.st_dev
      && first.st_ino == second.st_ino
  }
}

extension ModelImport {
  /// Reads, converts and writes tensor by tensor.
  private func write(
    _ request: ImportRequest, progress: CheckpointModel.Progress
  ) throws(ModelError) -> ImportReport {
    let counts = plan.steps.map(\.parameter.elementCount)
    var report = ImportReport(
      sources: sources.map { ($0.path, $0.format.rawValue) },
      model: description.configuration.summary, parameterCount: counts.reduce(0, +),
      leftOver: plan.leftOver, notes: notes, output: request.output)
    // Before it is asked whether there is room for another.
    AtomicFile.sweepAbandoned(in: Folder.parent(of: request.output))
    let draft = try reporting { () throws(CheckpointError) in
      try CheckpointDraft(request.output, document: document, elementCounts: counts)
    }
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: counts.max() ?? 0)
    defer { buffer.deallocate() }
    for (index, step) in plan.steps.enumerated() {
      try StopSignals.check()
      let values = UnsafeMutableBufferPointer(rebasing: buffer[..<step.parameter.elementCount])
      try read(step, into: values, request, &report)
      try reporting { () throws(CheckpointError) in
        try draft.add(
          CheckpointTensor(
            path: step.parameter.path, sizes: step.parameter.sizes,
            values: UnsafeBufferPointer(values)), to: .parameters)
      }
      progress(index + 1, plan.steps.count, "parameters")
    }
    try StopSignals.check()
    report.sha256 = try reporting { () throws(CheckpointError) in try draft.publish() }
    return report
  }

  private func read(
    _ step: ImportPlan.Step, into values: UnsafeMutableBufferPointer<Float>,
    _ request: ImportRequest, _ report: inout ImportReport
  ) throws(ModelError) {
    switch step.origin {
    case .drawn:
      let drawn = CPUDevice(threadCount: 1).makeParameters(
        ParameterLayout(trained: [], locked: [step.parameter]))
      drawn.initialize(seed: request.seed)
      _ = values.update(fromContentsOf: drawn.storage(of: step.parameter.path))
      report.drawn.append(step.parameter.path)
    case .tensor(let tensor, let file, let entry):
      let found: NonFiniteCount
      do throws(WeightFileError) {
        found = try Self.read(tensor, of: file, entry, step.parameter, into: values)
      } catch {
        throw .importing(.weights(error))
      }
      if !found.isZero {
        guard request.allowsNonFinite else {
          throw .importing(
            .notFinite(
              path: file.path, name: tensor.name, notANumber: found.notANumber,
              infinite: found.infinite))
        }
        report.nonFinite.append(
          .init(name: tensor.name, notANumber: found.notANumber, infinite: found.infinite))
      }
      report.mappings.append(
        .init(
          path: step.parameter.path, name: tensor.name, elementType: tensor.elementType.rawValue,
          edit: entry.edit.summary))
    }
  }

  private static func read(
    _ tensor: WeightTensor, of file: WeightFile, _ entry: DialectEntry, _ parameter: Parameter,
    into values: UnsafeMutableBufferPointer<Float>
  ) throws(WeightFileError) -> NonFiniteCount {
    switch entry.edit {
    case .same:
      return try file.read(tensor.name, into: values)
    case .part(let part, _):
      let rowCount = parameter.sizes[0]
      return try file.read(
        tensor.name, rows: part * rowCount..<(part + 1) * rowCount, into: values)
    case .transposed:
      let foreign = try file.read(tensor.name)
      _ = values.update(fromContentsOf: entry.values(from: foreign, sizes: parameter.sizes))
      return NonFiniteCount(in: UnsafeBufferPointer(values))
    }
  }

  private var document: CheckpointDocument {
    CheckpointDocument(
      family: ModelDescription.family, configuration: description.configurationText,
      vocabulary: tokenizer.vocabularyBytes, preprocessing: description.preprocessingText,
      recipe: "", toolVersion: ToolVersion.current, run: nil)
  }

  private func reporting<Result>(
    _ body: () throws(CheckpointError) -> Result
  ) throws(ModelError) -> Result {
    do throws(CheckpointError) {
      return try body()
    } catch {
      throw .checkpoint(error)
    }
  }
}

extension DialectEntry.Edit {
  /// In words; nothing where values stay as they are.
  fileprivate var summary: String? {
    switch self {
    case .same: nil
    case .part(_, let count): "cut out of \(count) stacked ones"
    case .transposed: "transposed"
    }
  }
}

extension DualEncoder.Configuration {
  /// The published name, or the sizes.
  fileprivate var summary: String {
    if let publishedName { return publishedName }
    let tower =
      switch image {
      case .visionTransformer(let tower):
        "ViT of width \(tower.width), depth \(tower.depth), patch \(tower.patchSize)"
      case .modifiedResNet(let tower): "ResNet of width \(tower.width), layers \(tower.layers)"
      }
    return "\(tower), \(image.imageSize) px with BERT of width \(text.width), "
      + "depth \(text.depth), embedding width \(embeddingWidth)"
  }
}
