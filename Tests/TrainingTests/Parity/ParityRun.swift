import Autodiff
import CPUDevice
import Models

@testable import Training

/// A fixture's model on our device, with its weights, batches and optimizer.
final class ParityRun {
  /// How much is computed at once.
  enum Chunks: String, CaseIterable, Sendable {
    /// A batch in one chunk for each tower.
    case whole
    /// Two pictures and one or two captions a chunk, all but one encoded twice.
    case small
  }

  /// Where a batch's picture embeddings come from.
  enum Images: String, CaseIterable, Sendable {
    case trained
    /// The tower is locked and runs in every step.
    case lockedPixels
    /// The tower is locked and ran before the first step.
    case lockedEmbeddings
  }

  struct Mode: Hashable, Sendable, CustomStringConvertible {
    var images = Images.trained
    var chunks = Chunks.whole

    static let all = Images.allCases.flatMap { images in
      Chunks.allCases.map { Mode(images: images, chunks: $0) }
    }

    var isLocked: Bool { images != .trained }
    var description: String { "\(images.rawValue), \(chunks.rawValue)" }
  }

  let fixture: ParityFixture
  let mode: Mode
  let model: DualEncoder
  let parameters: CPUParameters
  private let device = CPUDevice(threadCount: 2)
  private let step: ContrastiveStep
  private let optimizer: AdamWUpdate
  private let pixels: [Float]
  private let captions: [[Int32]]

  init(_ name: String, _ mode: Mode = Mode()) throws {
    fixture = try ParityFixture(name)
    self.mode = mode
    model = DualEncoder(fixture.configuration)
    let locked = model.parameters.filter { parameter in
      !parameter.isLearned || mode.isLocked && parameter.path.hasPrefix("image/")
    }
    parameters = device.makeParameters(
      ParameterLayout(
        trained: model.parameters.filter { !locked.contains($0) }, locked: locked))
    for (parameter, entry) in zip(model.parameters, Self.entries(of: model)) {
      let weight = try fixture.floats("weights/\(entry.key)")
      parameters.setValues(entry.values(from: weight, sizes: parameter.sizes), of: entry.path)
    }

    let description = fixture.description
    let longest = fixture.configuration.text.positionCount
    let isWhole = mode.chunks == .whole
    step = try ContrastiveStep(
      model,
      settings: .init(
        pairs: description.pairs, imagesPerChunk: isWhole ? description.pairs : 2,
        tokensPerChunk: isWhole ? description.pairs * longest : longest,
        contextLength: longest, dropout: 0, repeatedPairs: .plain,
        memoryBudgetBytes: isWhole ? 1 << 28 : 0, seed: 1),
      on: device, parameters: parameters)
    optimizer = AdamWUpdate(
      parameters, device: device,
      hyperparameters: .init(
        firstBeta: description.optimizer.betas[0], secondBeta: description.optimizer.betas[1],
        epsilon: description.optimizer.epsilon),
      groups: parameters.layout.entries.filter(\.isTrained).map { entry in
        .init(
          range: entry.offset..<entry.offset + entry.parameter.elementCount, rateFactor: 1,
          weightDecay: entry.parameter.sizes.count > 1 ? description.optimizer.decay : 0)
      })

    pixels = try fixture.floats("pixels")
    let ids = try fixture.integers("ids")
    var start = 0
    captions = try fixture.integers("lengths").map { length in
      defer { start += Int(length) }
      return Array(ids[start..<start + Int(length)])
    }
  }

  /// One for each of the model's parameters, in its order. A residual tower, which the library
  /// lacks, goes by the names of its checkpoints.
  static func entries(of model: DualEncoder) -> [DialectEntry] {
    guard case .modifiedResNet = model.configuration.image else {
      return HuggingFaceChineseCLIP.entries(for: model.configuration)
    }
    var other = model.configuration
    other.image = .visionTransformer(.baseP16)
    return ChineseCLIP.entries(for: model.configuration).filter { $0.path.hasPrefix("image/") }
      + HuggingFaceChineseCLIP.entries(for: other).filter { !$0.path.hasPrefix("image/") }
  }

  private var embedder: Embedder {
    get throws {
      try Embedder(
        model, on: device, parameters: parameters, imagesPerChunk: 4, tokensPerChunk: 16)
    }
  }

  /// Unit rows of the pictures of all batches.
  func imageEmbeddings() throws -> [Float] {
    let size = model.configuration.image.pixelCount
    return try embedder.embedImages(count: captions.count) { rows, target in
      _ = target.update(from: pixels[rows.lowerBound * size..<rows.upperBound * size])
    }
  }

  func textEmbeddings() throws -> [Float] { try embedder.embedTexts(captions) }

  /// The loss of a batch; its gradients stay in `parameters`.
  func loss(ofBatch index: Int) throws -> Float {
    let pairs = fixture.description.pairs
    let rows = index * pairs..<(index + 1) * pairs
    let packed = captions[rows]
    let groups = [Int32](0..<Int32(pairs))
    parameters.clearGradients()
    let batch = ContrastiveBatch(
      count: pairs, images: try batchImages(rows), ids: packed.flatMap { $0 },
      offsets: packed.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int32($1.count)) },
      imageGroups: groups, textGroups: groups)
    return try step.run(batch, step: 0).loss
  }

  /// The losses before each of the fixture's updates.
  func losses() throws -> [Float] {
    try fixture.description.optimizer.rates.enumerated().map { index, rate in
      let loss = try loss(ofBatch: index % fixture.description.batches)
      optimizer.apply(updateCount: index + 1, learningRate: rate, gradientScale: 1)
      step.keepStatistics()
      return loss
    }
  }

  private func batchImages(_ rows: Range<Int>) throws -> ContrastiveBatch.Images {
    if mode.images == .lockedEmbeddings {
      let width = model.configuration.embeddingWidth
      let all = try imageEmbeddings()
      return .embeddings(Array(all[rows.lowerBound * width..<rows.upperBound * width]))
    }
    let size = model.configuration.image.pixelCount
    let pixels = Array(pixels[rows.lowerBound * size..<rows.upperBound * size])
    return .pixels { range, target in
      _ = target.update(from: pixels[range.lowerBound * size..<range.upperBound * size])
    }
  }
}
