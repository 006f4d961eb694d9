internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import Models
internal import PairData

extension Trainer {
  /// Encodes once what need not be encoded in every step, and opens validation.
  func prepareEmbeddings() async throws(ModelError) {
    var refusals: [FileError] = []
    let caching = CachingListener(tell: tell) { [self] refusal in
      guard !refusals.contains(refusal) else { return }
      refusals.append(refusal)
      warn("Cache: \(refusal)")
    }
    let listener = RunPreparation.Listener(stopSignal: stopSignal, caching: caching)
    let (training, data) = (preparation.pairs, recipe.data)
    let (locked, views) = try preparation.imageEncoders(listener)
    for (view, encoder) in views.enumerated() {
      let what = "Encoding view \(view + 1) of \(views.count) of pictures with the locked tower"
      imageEmbeddings.append(try await encoded(training, by: encoder, what))
    }
    if views.isEmpty, preparation.keepsImageEmbeddings, let locked {
      imageEmbeddings = [
        try await encoded(training, by: locked, "Encoding pictures with the locked tower")
      ]
    }
    if let teacher = try preparation.teacherEncoder(listener) {
      teacherFeatures = try await encoded(
        training, by: teacher, "Encoding pictures with the teacher")
    }
    if preparation.keepsTextEmbeddings {
      let encoder = try preparation.captionEncoder(data.captions, listener)
      captionEmbeddings = try await encoded(
        training, by: encoder, "Encoding captions with the locked tower")
    }
    guard let pairs = preparation.validationPairs else { return }
    var pictures: PictureEmbeddings?
    if let locked {
      pictures = try await encoded(
        pairs, by: locked, "Encoding pictures of validation with the locked tower")
    }
    var captions: CaptionEmbeddings?
    if preparation.textIsLocked {
      let encoder = try preparation.captionEncoder(data.validationCaptions, listener)
      captions = try await encoded(
        pairs, by: encoder, "Encoding captions of validation with the locked tower")
    }
    validator = try Validator(
      preparation.loaded, pairs: pairs, captions: data.validationCaptions,
      loaderTasks: preparation.loaderTasks, damageLimit: data.damageLimit,
      pictures: pictures, captionEmbeddings: captions, stopSignal: stopSignal)
  }

  private func encoded(
    _ pairs: PairSet, by encoder: PictureEncoder, _ what: String
  ) async throws(ModelError) -> PictureEmbeddings {
    let (embeddings, caching) = try await encoder.embeddings(
      of: pairs, damageLimit: recipe.data.damageLimit
    ) { done, total in
      if encoder.cache.isKept { keepsEncodings = true }
      report(.preparing(what, done: done, total: total))
    }
    for pair in embeddings.damaged { warn("Skipped a damaged pair. \(pair)") }
    tell(caching, of: what)
    return embeddings
  }

  private func encoded(
    _ pairs: PairSet, by encoder: CaptionEncoder, _ what: String
  ) async throws(ModelError) -> CaptionEmbeddings {
    let (embeddings, caching) = try await encoder.embeddings(
      of: pairs, damageLimit: recipe.data.damageLimit
    ) { done, total in
      if encoder.cache.isKept { keepsEncodings = true }
      report(.preparing(what, done: done, total: total))
    }
    tell(caching, of: what)
    return embeddings
  }

  private func tell(_ caching: CachingReport, of what: String) {
    for problem in caching.problems { warn("Cache: \(problem)") }
    tell("\(what): \(caching)")
  }

  /// The loader of the batches from the state's cursor on.
  func makePrefetcher() throws(ModelError) -> Prefetcher {
    let found = (imageEmbeddings.first ?? teacherFeatures)?.damaged ?? []
    let known = Set(found.map(\.pair))
    let earlier = state.damagedPairs.numbers.filter {
      !known.contains($0) && $0 < preparation.pairs.count
    }.map { preparation.pairs.damagedBefore($0) }
    let loader = BatchLoader(
      pairs: preparation.pairs, tokenizer: preparation.loaded.tokenizer,
      configuration: preparation.loaderConfiguration(withImages: imageEmbeddings.isEmpty),
      knownDamage: found)
    do throws(PairDataError) {
      return try Prefetcher(loader, from: state.cursor, knownDamage: found + earlier)
    } catch {
      throw .data(error)
    }
  }
}

extension PairSet {
  /// A pair that was damaged when the run met it first, before it was resumed.
  fileprivate func damagedBefore(_ index: Int) -> DamagedPair {
    let pair = self[index]
    return DamagedPair(
      pair: index, shard: pair.shard, key: pair.key, byteOffset: pair.members.firstOffset,
      reason: .foundBefore)
  }
}

extension RunPreparation {
  func makeOptimizer() -> AdamWUpdate {
    AdamWUpdate(
      loaded.parameters, device: loaded.device,
      hyperparameters: .init(
        firstBeta: recipe.optimizer.firstBeta, secondBeta: recipe.optimizer.secondBeta,
        epsilon: recipe.optimizer.epsilon),
      groups: groups)
  }

  /// The average of the weights as they are, where the recipe asks for one.
  func makeAverage() -> WeightAverage? {
    recipe.optimizer.averageDecay.map {
      WeightAverage(loaded.parameters, device: loaded.device, decay: $0)
    }
  }

  /// Keeps the multiplier of similarities within its bounds, after every update.
  func limitLogitScale() {
    LogitScaleLimit(maximum: recipe.objective.logitScaleMaximum)
      .apply(to: loaded.parameters, of: loaded.model.logitScale)
  }

  func environment(afterStep step: Int) -> EnvironmentRecord {
    EnvironmentRecord(
      version: ToolVersion.current, commit: RunningProgram.commit(),
      executable: RunningProgram.sha256, afterStep: step, computeThreads: computeThreads,
      loaderThreads: loaderTasks, instructions: InstructionSet.current.rawValue,
      products: loaded.device.products.rawValue,
      libraries: [
        ("openblas", CPUDevice.openBLASVersion), ("hdf5", CheckpointReader.hdf5Version),
      ])
  }

  /// What a run is about to do, in a few lines.
  var summary: String {
    let trained = loaded.parameters.layout.entries.filter(\.isTrained)
    let count = trained.reduce(0) { $0 + $1.parameter.elementCount }
    let total = loaded.model.parameters.reduce(0) { $0 + $1.elementCount }
    let wanted = ProductFormat(recipe.precision)
    let isRounded = loaded.device.products != .float32
    let products =
      wanted == loaded.device.products
      ? (isRounded ? "; products in \(wanted.rawValue)" : "")
      : "; " + ProductFormat.missingNote(wanted, loaded.device.products)
    return "Run \(recipe.run): \(FixedText.count(pairs.count, "pair")), "
      + "\(validationPairs?.count ?? 0) for validation; "
      + "\(FixedText.count(totalSteps, "step")) of \(FixedText.count(recipe.batch.pairs, "pair")), "
      + "\(FixedText.short(stepsPerEpoch)) an epoch; "
      + "\(count) of \(FixedText.count(total, "parameter")) \(count == 1 ? "is" : "are") trained; "
      + "\(FixedText.count(computeThreads, "thread")), \(ProcessorUse.instructions)\(products)"
  }
}
