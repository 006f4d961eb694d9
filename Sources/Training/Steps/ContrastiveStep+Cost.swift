internal import Autodiff
internal import CPUDevice

extension ContrastiveStep {
  /// What one step takes.
  struct Cost: Equatable {
    /// Floating point operations of matrix products and attention.
    var imageOperations = 0
    var textOperations = 0
    var lossOperations = 0
    var teacherOperations = 0
    /// What activations take, chunks that are kept included.
    var imageBytes = 0
    var textBytes = 0
    var lossBytes = 0
    /// Chunks of a step, and how many of them are encoded a second time for their gradient.
    var imageChunks = 0
    var imageChunksAgain = 0
    var textChunks = 0
    var textChunksAgain = 0
    var teacherChunks = 0
    /// Whether a tower's blocks are computed again before their gradient.
    var recomputesImage = false
    var recomputesText = false

    var operations: Int {
      imageOperations + textOperations + lossOperations + teacherOperations
    }
    var bytes: Int { imageBytes + textBytes + lossBytes }
  }

  /// - Parameters:
  ///   - tokensPerText: the mean length of captions.
  ///   - withTeacher: whether the teacher, if there is one, encodes pictures in the step.
  func cost(tokensPerText: Double, withTeacher: Bool = true) -> Cost {
    var cost = Cost()
    let pairs = settings.pairs
    let loss = loss.plan
    cost.lossBytes = loss.arenaByteCount
    cost.lossOperations = (0...1).reduce(0) {
      $0 + loss.floatingPointOperations(stage: $1, sizes: [.pairs: pairs])
    }
    let imagesPerChunk = min(settings.imagesPerChunk, pairs)
    let tokens = Double(pairs) * tokensPerText
    let tokenLimit = max(settings.tokensPerChunk, settings.contextLength)
    if !settings.givesImageEmbeddings {
      cost.imageChunks = (pairs + imagesPerChunk - 1) / imagesPerChunk
    }
    if !settings.givesTextEmbeddings {
      cost.textChunks = max(1, Int((tokens / Double(tokenLimit)).rounded(.up)))
    }
    let programs = memory.programs(for: .init(image: cost.imageChunks, text: cost.textChunks))
    if cost.imageChunks > 0 {
      cost.recomputesImage = image.isRecomputing
      cost.imageBytes = programs.image * image.plan.arenaByteCount
      cost.imageChunksAgain = image.repetitions(of: cost.imageChunks, programs: programs.image)
      cost.imageOperations = image.operations(
        chunks: cost.imageChunks, again: cost.imageChunksAgain, sizes: [.images: imagesPerChunk])
    }
    if withTeacher, let teacher {
      cost.teacherChunks = (pairs + teacher.imagesPerChunk - 1) / teacher.imagesPerChunk
      cost.teacherOperations =
        cost.teacherChunks
        * teacher.plan.floatingPointOperations(
          stage: 0, sizes: [.images: min(teacher.imagesPerChunk, pairs)])
    }
    guard cost.textChunks > 0 else { return cost }
    cost.recomputesText = text.isRecomputing
    cost.textBytes = programs.text * text.plan.arenaByteCount
    cost.textChunksAgain = text.repetitions(of: cost.textChunks, programs: programs.text)
    let sequences = max(1, pairs / cost.textChunks)
    cost.textOperations = text.operations(
      chunks: cost.textChunks, again: cost.textChunksAgain,
      sizes: [
        .tokens: max(sequences, Int(tokens / Double(cost.textChunks))), .sequences: sequences,
      ])
    return cost
  }
}

extension ChunkedEncoder {
  /// How many of so many chunks are encoded twice.
  fileprivate func repetitions(of chunks: Int, programs: Int) -> Int {
    plan.gradients.isEmpty ? 0 : max(0, chunks - programs)
  }

  fileprivate func operations(chunks: Int, again: Int, sizes: AxisSizes) -> Int {
    let forward = plan.floatingPointOperations(stage: 0, sizes: sizes)
    let gradient = plan.floatingPointOperations(stage: 1, sizes: sizes)
    return (chunks + again) * forward + chunks * gradient
  }
}
