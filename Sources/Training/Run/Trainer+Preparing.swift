internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import Models
internal import PairData

extension Trainer {
  /// Encodes the training pictures once where that is enough, and opens validation.
  func prepareEmbeddings() async throws(ModelError) {
    if let pairs = preparation.validationPairs {
      validator = try Validator(
        preparation.loaded, pairs: pairs, captions: recipe.data.validationCaptions,
        loaderTasks: preparation.loaderTasks, damageLimit: recipe.data.damageLimit,
        imagesAreLocked: preparation.imageIsLocked, stopSignal: stopSignal)
    }
    if preparation.keepsImageEmbeddings {
      imageEmbeddings = try await encodePictures("Encoding pictures with the locked tower")
    }
    if preparation.keepsTeacherFeatures {
      teacherFeatures = try await encodePictures(
        "Encoding pictures with the teacher", by: preparation.teacher?.embedder)
    }
  }

  /// - Parameter teacher: whose tower encodes them, if not the model's own.
  private func encodePictures(
    _ what: String, by teacher: ImageEmbedder? = nil
  ) async throws(ModelError) -> LockedEmbeddings {
    let report = report
    let embeddings = try await LockedEmbeddings(
      preparation, by: teacher, stopSignal: stopSignal
    ) { done, total in
      report(.preparing(what, done: done, total: total))
    }
    for pair in embeddings.damaged { warn("Skipped a damaged pair. \(pair)") }
    return embeddings
  }

  /// The loader of the batches from the state's cursor on.
  func makePrefetcher() throws(ModelError) -> Prefetcher {
    let found = (imageEmbeddings ?? teacherFeatures)?.damaged ?? []
    let known = Set(found.map(\.pair))
    let earlier = state.damagedPairs.numbers.filter {
      !known.contains($0) && $0 < preparation.pairs.count
    }.map { preparation.pairs.damagedBefore($0) }
    let loader = BatchLoader(
      pairs: preparation.pairs, tokenizer: preparation.loaded.tokenizer,
      configuration: preparation.loaderConfiguration(withImages: imageEmbeddings == nil),
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
      loaderThreads: loaderTasks, products: loaded.device.products.rawValue,
      libraries: [
        ("openblas", CPUDevice.libraryVersion), ("hdf5", CheckpointReader.libraryVersion),
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
    return "Run \(recipe.run): \(pairs.count) pairs, \(validationPairs?.count ?? 0) for "
      + "validation; "
      + "\(totalSteps) steps of \(recipe.batch.pairs) pairs, "
      + "\(FixedText.short(stepsPerEpoch)) an epoch; "
      + "\(count) of \(total) parameters are trained; \(FixedText.count(computeThreads, "thread"))"
      + products
  }
}
