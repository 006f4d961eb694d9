internal import Autodiff
internal import CPUDevice
internal import Models
internal import PairData
internal import Training

/// A whole optimizer step, ready to be run again and again on one batch.
final class StepCase {
  let title: String
  let pairs: Int
  private let device: CPUDevice
  private let parameters: CPUParameters
  private let step: ContrastiveStep
  private let update: AdamWUpdate
  private let batch: ContrastiveBatch
  private var stepCount = 0

  /// - Parameter trained: which parameters are not locked.
  init(
    _ title: String, _ configuration: DualEncoder.Configuration, batch: ContrastiveBatch,
    contextLength: Int, options: Options, on device: CPUDevice,
    training isTrained: (Parameter) -> Bool
  ) {
    self.title = title
    self.batch = batch
    self.device = device
    pairs = batch.count
    let model = DualEncoder(configuration)
    let layout = ParameterLayout(
      trained: model.parameters.filter(isTrained),
      locked: model.parameters.filter { !isTrained($0) })
    parameters = device.makeParameters(layout)
    parameters.initialize(seed: 0)
    let givesEmbeddings = if case .embeddings = batch.images { true } else { false }
    do throws(DeviceError) {
      step = try ContrastiveStep(
        model,
        settings: .init(
          pairs: batch.count, imagesPerChunk: options.imagesPerChunk,
          tokensPerChunk: options.tokensPerChunk, contextLength: contextLength, dropout: 0,
          repeatedPairs: .masked, memoryBudgetBytes: options.memoryBudgetBytes, seed: 0,
          givesImageEmbeddings: givesEmbeddings),
        on: device, parameters: parameters)
    } catch {
      Console.fail("\(error)")
    }
    update = AdamWUpdate(
      parameters, device: device,
      hyperparameters: .init(firstBeta: 0.9, secondBeta: 0.98, epsilon: 1e-6),
      groups: [.init(range: 0..<layout.trainedElementCount, rateFactor: 1, weightDecay: 0.05)])
  }

  /// What a step's parts took, in seconds.
  struct Parts {
    var whole = 0.0
    var clearing = 0.0
    var gradients = 0.0
    var norm = 0.0
    var update = 0.0
  }

  /// Takes one optimizer step; the rate is so small that the numbers stay what they are.
  func run() -> Parts {
    stepCount += 1
    var parts = Parts()
    parts.clearing = Rounds.seconds { parameters.clearGradients() }
    parts.gradients = Rounds.seconds {
      do throws(DeviceError) {
        _ = try step.run(batch, step: stepCount)
      } catch {
        Console.fail("\(error)")
      }
    }
    parts.norm = Rounds.seconds { _ = parameters.gradientNorm(on: device) }
    parts.update = Rounds.seconds {
      update.apply(updateCount: stepCount, learningRate: 1e-9, gradientScale: 1)
    }
    parts.whole = parts.clearing + parts.gradients + parts.norm + parts.update
    return parts
  }

  /// Reports every operation from now on.
  func profile(_ report: @escaping (StepTiming) -> Void) {
    step.profile { _, timing in report(timing) }
  }

  var tokenCount: Int { batch.ids.count }
  var trainedCount: Int { parameters.layout.trainedElementCount }
}

// MARK: The steps that are measured

extension StepCase {
  private static func emojiModel(_ emoji: EmojiPairs) -> DualEncoder.Configuration {
    DualEncoder.Configuration(
      image: .init(imageSize: 64, patchSize: 8, width: 192, depth: 6),
      text: .init(
        vocabularyCount: emoji.vocabularyCount, width: 192, depth: 4,
        positionCount: EmojiPairs.contextLength),
      embeddingWidth: 256)
  }

  /// Both towers trained on 64 px pictures and English captions, 256 pairs.
  static func bothTowers(_ options: Options, on device: CPUDevice) async -> StepCase {
    let emoji = EmojiPairs()
    let loader = emoji.loader(
      captions: "en", imageSize: 64, pairs: 256, taskCount: options.threads)
    let batch = await EmojiPairs.batch(loader)
    let images = batch.images
    return StepCase(
      "Stage 1: both towers, emoji sizes", emojiModel(emoji),
      batch: ContrastiveBatch(batch, images: .pixels { images.write($0, into: $1) }),
      contextLength: EmojiPairs.contextLength, options: options, on: device, training: { _ in true }
    )
  }

  /// The image tower locked and its embeddings given, Chinese captions, 256 pairs.
  static func lockedImage(_ options: Options, on device: CPUDevice) async -> StepCase {
    let emoji = EmojiPairs()
    let loader = emoji.loader(captions: "zh", imageSize: 0, pairs: 256, taskCount: options.threads)
    let batch = await EmojiPairs.batch(loader)
    let configuration = emojiModel(emoji)
    let embeddings = MeasuredGraph.numbers(batch.count * configuration.embeddingWidth)
    return StepCase(
      "Stage 2: image tower locked, emoji sizes", configuration,
      batch: ContrastiveBatch(batch, images: .embeddings(embeddings.map { $0 / 16 })),
      contextLength: EmojiPairs.contextLength, options: options, on: device,
      training: { !$0.path.hasPrefix("image/") })
  }

  /// A published size on made-up pairs with captions of 18 tokens.
  static func realSize(
    _ name: String, _ configuration: DualEncoder.Configuration, trainsImage: Bool, pairs: Int,
    _ options: Options, on device: CPUDevice
  ) -> StepCase {
    let length = 18
    let ids = (0..<pairs * length).map { Int32(1 + ($0 * 7_919) % 21_000) }
    let numbers = MeasuredGraph.numbers(configuration.image.pixelCount)
    let images: ContrastiveBatch.Images =
      trainsImage
      ? .pixels { range, pixels in
        for index in 0..<pixels.count { pixels[index] = numbers[index % numbers.count] }
      }
      : .embeddings(MeasuredGraph.numbers(pairs * configuration.embeddingWidth).map { $0 / 22 })
    let batch = ContrastiveBatch(
      count: pairs, images: images, ids: ids, offsets: (0...pairs).map { Int32($0 * length) },
      imageGroups: (0..<pairs).map { Int32($0) }, textGroups: (0..<pairs).map { Int32($0) })
    return StepCase(
      "\(name), " + (trainsImage ? "both towers" : "image tower locked"),
      configuration, batch: batch, contextLength: 52, options: options, on: device,
      training: { $0.isLearned && (trainsImage || !$0.path.hasPrefix("image/")) })
  }
}

extension ContrastiveBatch {
  /// A loaded batch as a step takes it.
  init(_ batch: PairBatch, images: Images) {
    self.init(
      count: batch.count, images: images, ids: batch.tokens.ids, offsets: batch.tokens.offsets,
      imageGroups: batch.imageGroups, textGroups: batch.captionGroups)
  }
}
