internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import Models
internal import PairData
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
      try save()
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
    logs.add(figures, step: state.step)
    report(.validation(step: state.step, figures, isBest: isBest))
    return isBest
  }

  /// Retrieval with the average of the weights, where there is one.
  private func figures(_ validator: Validator) async throws(ModelError) -> RetrievalMetrics {
    average?.exchange()
    defer { average?.exchange() }
    return try await validator.figures()
  }

  /// Writes a checkpoint of a state that has none, as before a signal ends the run.
  func saveWhereMissing() throws(ModelError) {
    guard state.step > 0, !FileContents.exists(checkpoints.path(ofStep: state.step)) else { return }
    try save()
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

  private func save() throws(ModelError) {
    logs.synchronize()
    let loaded = preparation.loaded
    let path = checkpoints.path(ofStep: state.step)
    do throws(CheckpointError) {
      try CheckpointWriter.write(
        to: path, document: loaded.document(recipe: recipe, state: state),
        parameters: loaded.tensors(averagedBy: average),
        firstMoments: loaded.trainedTensors { optimizer.firstMoments(of: $0) },
        secondMoments: loaded.trainedTensors { optimizer.secondMoments(of: $0) },
        weights: average == nil
          ? [] : loaded.trainedTensors { loaded.parameters.storage(of: $0) })
    } catch {
      throw .checkpoint(error)
    }
    do throws(FileError) {
      try checkpoints.adopt(
        step: state.step, isBest: state.bestStep == state.step, keep: recipe.checkpoints.keep)
    } catch {
      throw .file(error)
    }
    logs.note("Saved \(path)")
    report(.saved(path: path, step: state.step))
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

  /// The model as it is used: averages where there are some, and what has none.
  fileprivate func tensors(averagedBy average: WeightAverage?) -> [CheckpointTensor] {
    guard let average else { return tensors }
    let averages = trainedTensors { average.values(of: $0) }
    // Trained parameters come first in the arena.
    return averages + tensors.dropFirst(averages.count)
  }

  /// A tensor for each trained parameter.
  fileprivate func trainedTensors(
    _ storage: (String) -> UnsafeMutableBufferPointer<Float>
  ) -> [CheckpointTensor] {
    parameters.layout.entries.filter(\.isTrained).map { entry in
      CheckpointTensor(
        path: entry.parameter.path, sizes: entry.parameter.sizes,
        values: UnsafeBufferPointer(storage(entry.parameter.path)))
    }
  }
}
