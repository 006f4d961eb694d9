internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import Models
internal import PairData
internal import Tokenizers

/// A recipe with everything it names opened: model, data, rules, counts of steps.
///
/// What can be wrong with a recipe is found here, before the first step and by `--dry-run` alike.
final class RunPreparation {
  let recipe: Recipe
  let loaded: LoadedModel
  let pairs: PairSet
  let validationPairs: PairSet?
  /// One for each parameter, in the order of the arena.
  let treatments: [String: ResolvedTreatment]
  let groups: [AdamWUpdate.Group]
  /// Seldom a whole number: batches go across the ends of epochs.
  let stepsPerEpoch: Double
  let totalSteps: Int
  /// Cores that this process may use.
  let coreCount: Int
  let computeThreads: Int
  let loaderTasks: Int
  /// Whether no parameter of the image tower is trained.
  let imageIsLocked: Bool
  /// Whether no parameter of the text tower is trained.
  let textIsLocked: Bool
  let step: ContrastiveStep
  /// What the image tower learns from, besides captions.
  let teacher: Teacher?

  /// - Parameter reader: a checkpoint of the run, where it goes on from one; the parameters are
  ///   zero then until it is restored.
  init(
    _ recipe: Recipe, resuming reader: CheckpointReader? = nil, prober: String? = nil
  ) throws(ModelError) {
    self.recipe = recipe
    let cores = EnvironmentRecord.usableCoreCount()
    coreCount = cores
    let threads = recipe.threads.compute ?? cores
    try Self.requireEndingSteps(threads: threads, cores: cores)
    let device = CPUDevice(
      threadCount: threads, products: ProductFormat(recipe.precision))
    computeThreads = device.threads.threadCount
    loaderTasks = recipe.threads.loader ?? cores
    do throws(PairDataError) {
      pairs = try PairSet(patterns: recipe.data.train, folder: "/")
      validationPairs =
        recipe.data.validation.isEmpty
        ? nil : try PairSet(patterns: recipe.data.validation, folder: "/")
    } catch {
      throw .data(error)
    }
    guard pairs.count >= recipe.batch.pairs else {
      throw .data(.tooFewPairs(readable: pairs.count, batch: recipe.batch.pairs))
    }
    stepsPerEpoch = Double(pairs.count) / Double(recipe.batch.pairs)
    totalSteps = max(1, recipe.length.steps(stepsPerEpoch: stepsPerEpoch, totalSteps: 0))
    try Self.checkWarmup(recipe, stepsPerEpoch: stepsPerEpoch, totalSteps: totalSteps)

    let source = try ModelSource(recipe, resuming: reader, prober: prober)
    let model = DualEncoder(source.description.configuration)
    let parameters = model.parameters
    let resolved: [ResolvedTreatment]
    do throws(RecipeError) {
      resolved = try recipe.treatments(of: model)
    } catch {
      throw .recipe(error)
    }
    let layout = Self.layout(parameters, resolved)
    treatments = Dictionary(
      zip(parameters.map(\.path), resolved), uniquingKeysWith: { first, _ in first })
    groups = Self.groups(of: layout, treatments, weightDecay: recipe.optimizer.weightDecay)
    guard layout.trainedElementCount > 0 else {
      throw .mismatch(
        found: "Every parameter is locked", expected: "Something to train was expected",
        advice: "Add a rule such as \"text/**: trained\" to `model.train`.")
    }
    imageIsLocked = Self.isLocked("image", in: layout)
    textIsLocked = Self.isLocked("text", in: layout)
    try Self.requireTrainedImage(recipe, isLocked: imageIsLocked)
    try Self.requireEffect(of: recipe, in: layout)
    try Self.requireMemory(for: layout, of: recipe, on: device)
    loaded = try LoadedModel(
      source.description, tokenizer: source.tokenizer, device: device, layout: layout)
    try source.giveStartValues(to: loaded, seed: recipe.seed)
    teacher = try Self.teacher(recipe, of: source.description, on: device, prober: prober)
    let settings = try Self.settings(
      recipe, source.description.configuration.image, teacher,
      locked: (image: imageIsLocked, text: textIsLocked))
    step = try Self.step(loaded, settings, teacher, for: recipe)
  }

  /// Whether no parameter of a tower is trained.
  private static func isLocked(_ tower: String, in layout: ParameterLayout) -> Bool {
    !layout.entries.contains { $0.isTrained && $0.parameter.path.hasPrefix(tower + "/") }
  }

  /// Refuses low-rank updates that are locked, and an average beside norms that it would not fit.
  private static func requireEffect(
    of recipe: Recipe, in layout: ParameterLayout
  ) throws(ModelError) {
    let updates = layout.entries.filter { $0.parameter.isLowRankUpdate }
    if let locked = updates.first(where: { !$0.isTrained }) {
      throw .mismatch(
        found: "`model.lora` gives a layer \(locked.parameter.path), which `model.train` locks",
        expected: "An update that is trained was expected; a locked one stays without effect",
        advice: "Put the rule \"**/lora_*: trained\" first, or leave the layer out.")
    }
    // In a locked tower they are those of the weights.
    let moved = layout.entries.contains { entry in
      !entry.parameter.isLearned
        && layout.entries.contains { $0.isTrained && $0.parameter.path.hasPrefix("image/") }
    }
    guard recipe.optimizer.averageDecay != nil, moved else { return }
    throw .mismatch(
      found: "`optimizer.ema_decay` is given, and the image tower has batch norms that are trained",
      expected: "Their running statistics are those of the weights and would not fit the averages",
      advice: "Remove the key, or lock the image tower with \"image/**: locked\".")
  }

  /// Now that epochs are steps.
  private static func checkWarmup(
    _ recipe: Recipe, stepsPerEpoch: Double, totalSteps: Int
  ) throws(ModelError) {
    guard let (key, warmup) = recipe.optimizer.schedule.warmup else { return }
    let steps = warmup.steps(stepsPerEpoch: stepsPerEpoch, totalSteps: totalSteps)
    guard steps > totalSteps else { return }
    throw .mismatch(
      found: "`\(key)` is \(warmup), which are \(steps) steps of these pairs",
      expected: "The whole run, `length`, has \(totalSteps)",
      advice: "Shorten the warm-up or lengthen the run.")
  }

  /// Whether pictures are encoded once, before the first step, instead of in every step.
  var keepsImageEmbeddings: Bool { step.settings.givesImageEmbeddings }

  /// Whether captions are encoded once; with dropout they are others in every step.
  var keepsTextEmbeddings: Bool { step.settings.givesTextEmbeddings }

  var schedule: LearningRateSchedule {
    LearningRateSchedule(
      recipe.optimizer, stepsPerEpoch: stepsPerEpoch, totalSteps: totalSteps)
  }

  /// What the loader makes of the training pairs.
  func loaderConfiguration(withImages: Bool) -> LoaderConfiguration {
    var configuration = LoaderConfiguration(
      batchPairs: recipe.batch.pairs, contextLength: recipe.data.contextLength,
      images: withImages
        ? loaded.description.preparation(augmentation: recipe.data.augmentation) : nil)
    configuration.seed = recipe.seed
    configuration.isShuffled = recipe.data.isShuffled
    configuration.captions = recipe.data.captions
    configuration.viewCount = recipe.data.viewCount ?? 1
    configuration.damagePolicy = DamagedPairPolicy(limit: recipe.data.damageLimit)
    configuration.taskCount = loaderTasks
    return configuration
  }

  private static func settings(
    _ recipe: Recipe, _ image: ImageTower.Configuration, _ teacher: Teacher?,
    locked: (image: Bool, text: Bool)
  ) throws(ModelError) -> ContrastiveStep.Settings {
    ContrastiveStep.Settings(
      pairs: recipe.batch.pairs, imagesPerChunk: recipe.batch.imagesPerChunk,
      tokensPerChunk: recipe.batch.tokensPerChunk, contextLength: recipe.data.contextLength,
      dropout: recipe.model.dropout, repeatedPairs: recipe.objective.repeatedPairs,
      memoryBudgetBytes: recipe.memoryBudget.bytes, seed: recipe.seed,
      keptPatches: try keptPatches(recipe.model.imageMaskRatio, of: image),
      distillation: distillation(recipe, teacher),
      givesImageEmbeddings: locked.image
        && (recipe.data.augmentation == .none || recipe.data.viewCount != nil),
      givesTextEmbeddings: locked.text && recipe.model.dropout == 0)
  }

  /// Trained parameters of one rate and decay lie together, in the order in which their kind first
  /// appears, so that an update is one pass a kind.
  private static func layout(
    _ parameters: [Parameter], _ treatments: [ResolvedTreatment]
  ) -> ParameterLayout {
    var kinds: [(rate: Float, decay: Float, members: [Parameter])] = []
    var locked: [Parameter] = []
    for (parameter, treatment) in zip(parameters, treatments) {
      guard treatment.isTrained else {
        locked.append(parameter)
        continue
      }
      let kind = kinds.firstIndex {
        $0.rate == treatment.rate && $0.decay == treatment.decay
      }
      if let kind {
        kinds[kind].members.append(parameter)
      } else {
        kinds.append((treatment.rate, treatment.decay, [parameter]))
      }
    }
    return ParameterLayout(trained: kinds.flatMap(\.members), locked: locked)
  }

  private static func groups(
    of layout: ParameterLayout, _ treatments: [String: ResolvedTreatment], weightDecay: Float
  ) -> [AdamWUpdate.Group] {
    var groups: [AdamWUpdate.Group] = []
    for entry in layout.entries where entry.isTrained {
      guard let treatment = treatments[entry.parameter.path] else { continue }
      let decay = weightDecay * treatment.decay
      let end = entry.offset + entry.parameter.elementCount
      if let last = groups.last, last.rateFactor == treatment.rate, last.weightDecay == decay {
        groups[groups.count - 1].range = last.range.lowerBound..<end
      } else {
        groups.append(
          .init(range: entry.offset..<end, rateFactor: treatment.rate, weightDecay: decay))
      }
    }
    return groups
  }
}
