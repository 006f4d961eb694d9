internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import Models
internal import Tokenizers

extension Trainer {
  /// Measures retrieval and writes a checkpoint after a step that asks for it.
  ///
  /// A validation comes before the checkpoint of its step, so that going on from there does not
  /// repeat it.
  func validateAndSaveWhereDue() async throws(ModelError) {
    let isLast = state.step >= preparation.totalSteps
    var isBest = false
    if let validation = recipe.validation,
      state.validationIsDue || isLast || isDue(validation.every)
    {
      state.validationIsDue = true
      isBest = try await validate(validation)
    }
    // Nothing is due any more, even if the recipe has lost its validation meanwhile.
    state.validationIsDue = false
    if isBest || isLast || state.isStopped || isDue(recipe.checkpoints.every) {
      try save(isFollowedBySteps: !isLast && !state.isStopped)
    }
  }

  private func isDue(_ every: Duration) -> Bool {
    every.isDue(
      after: state.step, stepsPerEpoch: preparation.stepsPerEpoch,
      totalSteps: preparation.totalSteps)
  }

  /// - Returns: whether it was the best so far.
  private func validate(_ validation: Recipe.Validation) async throws(ModelError) -> Bool {
    guard let validator else { return false }
    let figures = try await figures(validator)
    state.validationIsDue = false
    let value = figures.value(of: validation.chooseBestBy)
    let isBest =
      state.bestValue.map { best in
        validation.chooseBestBy.isBetterWhenLarger ? value > best : value < best
      } ?? true
    if isBest {
      (state.bestValue, state.bestStep, state.worseCount) = (value, state.step, 0)
    } else {
      state.worseCount += 1
    }
    state.stop(afterWorse: validation.stopAfterWorse)
    logs?.add(figures, step: state.step)
    report(.validation(step: state.step, figures, isBest: isBest))
    return isBest
  }

  /// Retrieval with the average of the weights, where there is one.
  private func figures(_ validator: Validator) async throws(ModelError) -> RetrievalMetrics {
    guard let average else { return try await validator.figures() }
    settleSaving()
    average.exchange()
    defer { average.exchange() }
    return try await validator.figures()
  }

  /// Writes a checkpoint of a state that has none, as before a signal ends the run.
  func saveWhereMissing() throws(ModelError) {
    try finishSaving()
    guard state.step > 0, let path = checkpoints?.path(ofStep: state.step),
      !FileContents.exists(path)
    else { return }
    try save(isFollowedBySteps: false)
    try finishSaving()
  }

  /// Keeps the steps before a validation that failed, so that the run can go on with it once its
  /// data is repaired; the validation's error is the one to tell last.
  func saveBeforeFailing() {
    do throws(ModelError) {
      try saveWhereMissing()
      if state.step > 0 {
        tell("The validation after step \(state.step) is still due; the step is saved")
      }
    } catch {
      tell("\(error)")
    }
  }

  /// Lets the checkpoint that is being written have its end before the run fails otherwise.
  func finishSavingBeforeFailing() {
    do throws(ModelError) {
      try finishSaving()
    } catch {
      tell("\(error)")
    }
  }

  /// Begins to write a checkpoint; the one before it is waited for.
  private func save(isFollowedBySteps: Bool) throws(ModelError) {
    let start = ContinuousClock.now
    defer { note(stall: (ContinuousClock.now - start).seconds) }
    try finishSaving()
    let loaded = preparation.loaded
    guard let checkpoints, let logs else {
      preconditionFailure("Run \(recipe.run) has ended elsewhere and takes no step.")
    }
    saving = CheckpointInFlight(
      RunSnapshot(loaded, optimizer, average: average, in: snapshotRoom),
      document: loaded.document(recipe: recipe, state: state), step: state.step,
      isBest: state.bestStep == state.step, keep: recipe.checkpoints.keep, in: checkpoints,
      rows: logs.rows, secondsToUpdate: isFollowedBySteps ? gradientSeconds : .infinity)
  }

  /// Takes memory for copies where steps are so short that the first checkpoint beside them will
  /// not be written before an update comes.
  func fillRoomWhereNeeded() {
    guard roomFilling == nil, gradientSeconds > 0, preparation.totalSteps > state.step + 1 else {
      return
    }
    let writtenBytes = gradientSeconds * CheckpointInFlight.writtenBytesPerSecond
    if writtenBytes < Double(snapshotRoom.byteCount) { roomFilling = RoomFilling(snapshotRoom) }
  }

  /// Whether a checkpoint is being written.
  package var isSaving: Bool { saving.map { !$0.isFinished } ?? false }

  /// Before anything changes that a checkpoint needs as it is: takes copies of it.
  func settleSaving() {
    guard let saving else { return }
    let start = ContinuousClock.now
    saving.settle(on: preparation.loaded.device.threads)
    note(stall: (ContinuousClock.now - start).seconds)
  }

  private func note(stall seconds: Double) {
    savingSeconds += seconds
    longestStallSeconds = max(longestStallSeconds, seconds)
  }

  /// Takes note of a checkpoint that was written meanwhile.
  ///
  /// - Throws: why it could not be written.
  func noteSaved() throws(ModelError) {
    if saving?.isFinished == true { try finishSaving() }
  }

  /// Waits for the checkpoint that is being written, if there is one.
  func finishSaving() throws(ModelError) {
    guard let finished = saving else { return }
    saving = nil
    try finished.wait()
    if let error = finished.logError { logs?.fail(error) }
    logs?.note("Saved \(finished.path)")
    report(.saved(path: finished.path, step: finished.step))
  }
}

extension LoadedModel {
  /// Everything of a checkpoint that is not a tensor.
  func document(recipe: Recipe?, state: RunState?) -> CheckpointDocument {
    var document = CheckpointDocument(
      family: ModelDescription.family, configuration: description.configurationText,
      vocabulary: tokenizer.vocabularyBytes, preprocessing: description.preprocessingText,
      recipe: recipe?.resolved ?? "", toolVersion: ToolVersion.current, run: state?.values)
    // A reader that does not know them would leave low-rank updates out.
    if description.configuration.lowRankUpdates != nil { document.formatVersion = 2 }
    return document
  }
}
