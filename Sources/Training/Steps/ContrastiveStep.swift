package import Autodiff
package import CPUDevice
package import Models

/// Loss and gradients of a contrastive batch of any size, chunk by chunk.
package final class ContrastiveStep {
  package struct Settings {
    package var pairs: Int
    package var imagesPerChunk: Int
    package var tokensPerChunk: Int
    /// The longest caption in tokens.
    package var contextLength: Int
    package var dropout: Float
    package var repeatedPairs: SymmetricInfoNCE.RepeatedPairs
    /// What the activations of chunks may take, both towers together.
    package var memoryBudgetBytes: Int
    /// Whether batches come with embeddings instead of pictures, or of captions.
    package var givesImageEmbeddings: Bool
    package var givesTextEmbeddings: Bool
    package var seed: UInt64
    /// What the image tower sees of a picture; everything where nothing is said.
    package var keptPatches: KeptPatches?
    /// Needs a teacher, or its features in every batch.
    package var distillation: Distillation?

    package init(
      pairs: Int, imagesPerChunk: Int, tokensPerChunk: Int, contextLength: Int, dropout: Float,
      repeatedPairs: SymmetricInfoNCE.RepeatedPairs, memoryBudgetBytes: Int, seed: UInt64,
      keptPatches: KeptPatches? = nil, distillation: Distillation? = nil,
      givesImageEmbeddings: Bool = false, givesTextEmbeddings: Bool = false
    ) {
      self.pairs = pairs
      self.imagesPerChunk = imagesPerChunk
      self.tokensPerChunk = tokensPerChunk
      self.contextLength = contextLength
      self.dropout = dropout
      self.repeatedPairs = repeatedPairs
      self.memoryBudgetBytes = memoryBudgetBytes
      self.seed = seed
      self.keptPatches = keptPatches
      self.distillation = distillation
      self.givesImageEmbeddings = givesImageEmbeddings
      self.givesTextEmbeddings = givesTextEmbeddings
    }
  }

  /// What a step is made of.
  package enum Part: String, Sendable {
    case image, text, loss, teacher
  }

  package struct Result {
    /// With distillation's share.
    package var loss: Float
    /// The mean distance to the teacher, before its weight.
    package var distillationLoss: Float?
    /// The multiplier of similarities.
    package var logitScale: Float
    package var tokenCount: Int
    /// Rows of the batch whose picture or caption has an embedding that is not finite.
    package var nonFiniteRows: [Int]
  }

  let settings: Settings
  private let model: DualEncoder
  let image: ChunkedEncoder
  let text: ChunkedEncoder
  let loss: CPUProgram
  let teacher: ImageEmbedder?
  let memory: ChunkMemory
  private let trainsImage: Bool
  private let trainsText: Bool

  /// How a step spends its budget, before it takes any memory.
  static func memory(
    of model: DualEncoder, settings: Settings, layout: ParameterLayout
  ) -> ChunkMemory {
    let trained = layout.trainedParameters
    let tokenLimit = max(settings.tokensPerChunk, settings.contextLength)
    return ChunkMemory(
      budgetBytes: settings.memoryBudgetBytes,
      given: (settings.givesImageEmbeddings, settings.givesTextEmbeddings)
    ) {
      EncoderPlans.image(
        model, imagesPerChunk: min(settings.imagesPerChunk, settings.pairs), trained: trained,
        keptTokenCount: settings.keptPatches?.tokenCount, recomputation: $0)
    } text: {
      EncoderPlans.text(
        model, tokensPerChunk: tokenLimit,
        sequencesPerChunk: min(settings.pairs, TextChunks.captionLimit(tokenLimit: tokenLimit)),
        dropout: settings.dropout, trained: trained, recomputation: $0)
    }
  }

  package convenience init(
    _ model: DualEncoder, settings: Settings, on device: CPUDevice, parameters: CPUParameters,
    teacher: ImageEmbedder? = nil
  ) throws(DeviceError) {
    try self.init(
      model, settings: settings,
      memory: Self.memory(of: model, settings: settings, layout: parameters.layout), on: device,
      parameters: parameters, teacher: teacher)
  }

  /// - Parameter teacher: computes what batches lack of its features.
  init(
    _ model: DualEncoder, settings: Settings, memory: ChunkMemory, on device: CPUDevice,
    parameters: CPUParameters, teacher: ImageEmbedder?
  ) throws(DeviceError) {
    self.model = model
    self.settings = settings
    self.memory = memory
    self.teacher = teacher
    let width = model.configuration.embeddingWidth
    trainsImage = !memory.image.plan.gradients.isEmpty
    trainsText = !memory.text.plan.gradients.isEmpty
    image = try ChunkedEncoder(memory.image, on: device, parameters: parameters, width: width)
    text = try ChunkedEncoder(memory.text, on: device, parameters: parameters, width: width)
    loss = try device.compile(
      EncoderPlans.loss(
        model, pairs: settings.pairs, repeatedPairs: settings.repeatedPairs,
        distillation: settings.distillation, trained: parameters.layout.trainedParameters),
      parameters: parameters)
  }

  /// Computes the loss and adds its gradients to the gradient arena, which the caller cleared.
  ///
  /// - Parameter step: decides dropout and masks, with the seed.
  package func run(_ batch: ContrastiveBatch, step: Int) throws(DeviceError) -> Result {
    let imageChunks = imageChunks(of: batch, step: step)
    let textChunks = textChunks(of: batch, step: step)
    let programs = memory.programs(
      for: .init(image: imageChunks.count, text: textChunks.count),
      held: .init(image: image.programCount, text: text.programCount))
    try image.reserve(programCount: programs.image)
    try text.reserve(programCount: programs.text)
    // Embeddings go straight to where the loss reads them.
    let valueCount = batch.count * model.configuration.embeddingWidth
    switch batch.images {
    case .embeddings(let given):
      precondition(!trainsImage, "Given embeddings belong to a locked image tower.")
      precondition(
        given.count == valueCount, "\(given.count) numbers for \(batch.count) embeddings.")
      loss.set("image", to: given)
    case .pixels:
      loss.withInput("image", count: valueCount) { image.encode(imageChunks, into: $0) }
    }
    if let given = batch.textEmbeddings {
      precondition(!trainsText, "Given embeddings belong to a locked text tower.")
      precondition(
        given.count == valueCount, "\(given.count) numbers for \(batch.count) embeddings.")
      loss.set("text", to: given)
    } else {
      loss.withInput("text", count: valueCount) { text.encode(textChunks, into: $0) }
    }
    giveTeacherFeatures(of: batch)
    loss.set("image_groups", to: batch.imageGroups)
    loss.set("text_groups", to: batch.textGroups)
    for stage in 0...1 { loss.run(stage: stage, sizes: [.pairs: batch.count], randomKey: 0) }

    if trainsImage {
      loss.withValues(of: "image_gradient") { image.addGradients(imageChunks, upstream: $0) }
    }
    if trainsText {
      loss.withValues(of: "text_gradient") { text.addGradients(textChunks, upstream: $0) }
    }
    let value = loss.withValues(of: "loss") { $0[0] }
    return Result(
      loss: value,
      distillationLoss: settings.distillation.map { _ in
        loss.withValues(of: "distillation_loss") { $0[0] }
      }, logitScale: loss.withValues(of: "scale") { $0[0] },
      tokenCount: batch.ids.count,
      nonFiniteRows: value.isFinite
        ? [] : nonFiniteRows(imageChunks, textChunks, count: batch.count))
  }

  /// What the teacher makes of the batch's pictures; they are the student's, and whole.
  private func giveTeacherFeatures(of batch: ContrastiveBatch) {
    guard let distillation = settings.distillation else { return }
    let valueCount = batch.count * distillation.teacherWidth
    if let given = batch.teacherFeatures {
      precondition(
        given.count == valueCount, "\(given.count) numbers for \(batch.count) teacher's features.")
      loss.set("teacher", to: given)
      return
    }
    guard let teacher, case .pixels(let write) = batch.images else {
      preconditionFailure("Distillation needs the teacher's features, or a teacher and pictures.")
    }
    precondition(
      teacher.width == distillation.teacherWidth,
      "The teacher's width is \(teacher.width), not \(distillation.teacherWidth).")
    loss.withInput("teacher", count: valueCount) {
      teacher.embed(count: batch.count, write, into: $0)
    }
  }

  /// Encodes a batch once more, for what the loss read is gone by now, and looks for its faults.
  private func nonFiniteRows(
    _ imageChunks: [ChunkedEncoder.Chunk], _ textChunks: [ChunkedEncoder.Chunk], count: Int
  ) -> [Int] {
    let width = model.configuration.embeddingWidth
    var embeddings = [Float](repeating: 0, count: count * width)
    var rows: Set<Int> = []
    for (encoder, chunks) in [(image, imageChunks), (text, textChunks)] where !chunks.isEmpty {
      embeddings.withUnsafeMutableBufferPointer { encoder.encode(chunks, into: $0) }
      rows.formUnion(
        (0..<count).filter { row in
          !embeddings[row * width..<(row + 1) * width].allSatisfy(\.isFinite)
        })
    }
    return rows.sorted()
  }

  /// Moves running statistics to where the batch of the last `run` takes them.
  ///
  /// To be called when the step is certain: what is not finite must not reach them.
  package func keepStatistics() {
    image.statistics.keep()
  }

  /// Reports the time of every operation from now on.
  package func profile(_ report: @escaping (Part, StepTiming) -> Void) {
    image.profile { report(.image, $0) }
    text.profile { report(.text, $0) }
    teacher?.profile { report(.teacher, $0) }
    loss.profile = { report(.loss, $0) }
  }

  private func imageChunks(of batch: ContrastiveBatch, step: Int) -> [ChunkedEncoder.Chunk] {
    guard case .pixels(let write) = batch.images else { return [] }
    let pixelCount = model.configuration.image.pixelCount
    let (keptPatches, seed) = (settings.keptPatches, settings.seed)
    return stride(from: 0, to: batch.count, by: settings.imagesPerChunk).map { start in
      let rows = start..<min(start + settings.imagesPerChunk, batch.count)
      return ChunkedEncoder.Chunk(rows: rows, sizes: [.images: rows.count], randomKey: 0) {
        program in
        program.withInput("pixels", count: rows.count * pixelCount) { write(rows, $0) }
        guard let keptPatches else { return }
        program.withIntegerInput(
          EncoderPlans.keptTokens, count: rows.count * keptPatches.tokenCount
        ) {
          keptPatches.write(pairs: rows, step: step, seed: seed, into: $0)
        }
      }
    }
  }

  /// Captions in order, as many a chunk as its tokens allow.
  private func textChunks(of batch: ContrastiveBatch, step: Int) -> [ChunkedEncoder.Chunk] {
    guard batch.textEmbeddings == nil else { return [] }
    let limit = max(settings.tokensPerChunk, settings.contextLength)
    return TextChunks.split(offsets: batch.offsets, tokenLimit: limit).enumerated().map {
      index, rows in
      let tokens = TextChunks.Tokens(batch.ids, offsets: batch.offsets, rows: rows)
      return ChunkedEncoder.Chunk(
        rows: rows, sizes: tokens.sizes,
        randomKey: RandomKey.mixed(settings.seed, UInt64(step), UInt64(index)),
        feed: tokens.feed)
    }
  }
}
