internal import Autodiff
internal import CPUDevice

/// A recipe that asks for more memory than it allows itself, or than there is, is refused before
/// any is taken.
extension RunPreparation {
  /// Refuses a model whose training state the system does not give memory for.
  static func requireMemory(
    for layout: ParameterLayout, of recipe: Recipe, on device: CPUDevice
  ) throws(ModelError) {
    // Values; then gradients and two moments, maybe averages, of what is trained.
    let copies = recipe.optimizer.averageDecay == nil ? 3 : 4
    let bytes = 4 * (layout.elementCount + copies * layout.trainedElementCount)
    do throws(DeviceError) {
      try device.requireMemory(byteCount: bytes)
    } catch {
      throw .mismatch(
        found: "The model's parameters with gradients and moments take \(mebibytes(bytes)) MiB, "
          + "which the system does not give",
        expected: "A model that fits this machine's memory was expected",
        advice: "Choose a smaller one, lock more of it in `model.train`, or use a machine with "
          + "more memory.")
    }
  }

  /// The step, once it is known that the budget allows one chunk of each tower that takes part.
  static func step(
    _ loaded: LoadedModel, _ settings: ContrastiveStep.Settings, _ teacher: Teacher?,
    for recipe: Recipe
  ) throws(ModelError) -> ContrastiveStep {
    let memory = ContrastiveStep.memory(
      of: loaded.model, settings: settings, layout: loaded.parameters.layout)
    try requireRoom(recipe, settings, memory)
    do throws(DeviceError) {
      return try ContrastiveStep(
        loaded.model, settings: settings, memory: memory, on: loaded.device,
        parameters: loaded.parameters, teacher: teacher?.embedder)
    } catch {
      throw .device(error)
    }
  }

  private static func requireRoom(
    _ recipe: Recipe, _ settings: ContrastiveStep.Settings, _ memory: ChunkMemory
  ) throws(ModelError) {
    let smallest = memory.smallestBudgetBytes
    guard recipe.memoryBudget.bytes < smallest else { return }
    let batch = recipe.batch
    let chunks = [
      (
        settings.givesImageEmbeddings, "`batch.images_per_chunk`",
        FixedText.count(min(batch.imagesPerChunk, batch.pairs), "picture")
      ),
      (
        settings.givesTextEmbeddings, "`batch.tokens_per_chunk`",
        FixedText.count(max(batch.tokensPerChunk, recipe.data.contextLength), "token")
      ),
    ].filter { !$0.0 }
    let repeats = memory.image.isRecomputing || memory.text.isRecomputing
    throw .mismatch(
      found: "`memory_budget` is \(recipe.memoryBudget), less than a chunk's activations take",
      expected: "At least \(mebibytes(smallest)) MiB were expected for "
        + chunks.map(\.2).joined(separator: " and ")
        + (repeats ? ", blocks computed again for their gradient" : ""),
      advice: "Raise it, or lower \(chunks.map(\.1).joined(separator: " and ")).")
  }

  /// Rounded up.
  private static func mebibytes(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }
}
