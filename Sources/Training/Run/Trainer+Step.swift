internal import Autodiff
internal import CPUDevice
internal import PairData

extension Trainer {
  /// What one step computed, whether or not it changed the parameters.
  struct Update {
    var loss: Float
    var distillationLoss: Float?
    var logitScale: Float
    var gradientNorm: Float
    var learningRate: Float
    var tokenCount: Int
    /// Rows of the batch whose embeddings were not finite.
    var nonFiniteRows: [Int]

    /// Only finite numbers may reach the parameters.
    var isFinite: Bool { loss.isFinite && gradientNorm.isFinite }
  }

  /// Takes one step: loss, gradients, clipping, AdamW; nothing is applied that is not finite.
  func learn(from batch: PairBatch) throws(ModelError) -> Update {
    let trainedBytes = 4 * parameters.layout.trainedElementCount
    measured("clear gradients", byteCount: trainedBytes) { parameters.clearGradients() }
    let result: ContrastiveStep.Result
    let batchWithTables = try contrastive(batch)
    let start = ContinuousClock.now
    do throws(DeviceError) {
      result = try preparation.step.run(batchWithTables, step: state.step)
    } catch {
      throw .device(error)
    }
    gradientSeconds = (ContinuousClock.now - start).seconds
    fillRoomWhereNeeded()
    let gradientNorm = measured("gradient norm", byteCount: trainedBytes) {
      parameters.gradientNorm(on: preparation.loaded.device)
    }
    let update = Update(
      loss: result.loss, distillationLoss: result.distillationLoss,
      logitScale: result.logitScale,
      gradientNorm: gradientNorm,
      learningRate: schedule.rate(step: state.step), tokenCount: result.tokenCount,
      nonFiniteRows: result.nonFiniteRows)
    state.step += 1
    state.cursor = batch.cursorAfter
    if update.isFinite {
      apply(update)
      state.nonFiniteInARow = 0
    } else {
      state.skippedCount += 1
      state.nonFiniteInARow += 1
    }
    return update
  }

  private func apply(_ update: Update) {
    state.updateCount += 1
    // What a checkpoint needs of the state before must not change.
    settleSaving()
    var scale: Float = 1
    if let limit = recipe.optimizer.clipGradientNorm, update.gradientNorm > limit {
      scale = limit / update.gradientNorm
    }
    // Parameters and both moments are read and written, gradients read.
    let trainedBytes = 4 * parameters.layout.trainedElementCount
    measured("AdamW with clipping", byteCount: 7 * trainedBytes) {
      optimizer.apply(
        updateCount: state.updateCount, learningRate: update.learningRate, gradientScale: scale)
    }
    preparation.limitLogitScale()
    preparation.step.keepStatistics()
    if let average {
      measured("average of weights", byteCount: 3 * trainedBytes) { average.update() }
    }
  }

  private func contrastive(_ batch: PairBatch) throws(ModelError) -> ContrastiveBatch {
    try requireEncoded(batch)
    return ContrastiveBatch(
      count: batch.count,
      images: imageEmbeddings.isEmpty
        ? .pixels { [self] range, target in
          // From bytes to normalized numbers.
          measured("normalize pixels", byteCount: 5 * target.count) {
            batch.images.write(range, into: target)
          }
        }
        : .embeddings(PictureEmbeddings.rows(batch.pairIndices, of: imageEmbeddings, batch.views)),
      teacherFeatures: teacherFeatures?.rows(batch.pairIndices),
      textEmbeddings: captionEmbeddings?.rows(batch.pairIndices, captions: batch.captionIndices),
      ids: batch.tokens.ids, offsets: batch.tokens.offsets, imageGroups: batch.imageGroups,
      textGroups: batch.captionGroups)
  }

  /// The captions were drawn among those that the shards have now.
  private func requireEncoded(_ batch: PairBatch) throws(ModelError) {
    guard let captionEmbeddings else { return }
    for (pair, caption) in zip(batch.pairIndices, batch.captionIndices) {
      let count = captionEmbeddings.count(of: pair)
      guard caption >= count else { continue }
      throw .data(preparation.pairs.captionsChanged(of: pair, encoded: count, found: caption + 1))
    }
  }

  func log(_ update: Update, of batch: PairBatch, seconds: Double, waitSeconds: Double) {
    let figures = StepFigures(
      step: state.step, totalSteps: preparation.totalSteps, epoch: batch.epoch,
      loss: update.loss, distillationLoss: update.distillationLoss,
      logitScale: update.logitScale, learningRate: update.learningRate,
      gradientNorm: update.gradientNorm, pairsPerSecond: Double(batch.count) / seconds,
      tokens: update.tokenCount, dataWaitSeconds: waitSeconds,
      damaged: state.damagedPairs.numbers.count)
    logs?.add(figures)
    report(.step(figures))
  }

  /// Names a step whose numbers were not finite, and ends the run where there were too many.
  func requireFinite(_ update: Update, of batch: PairBatch) throws(ModelError) {
    guard !update.isFinite else { return }
    // Some rows alone are at fault themselves; all of them or none tell nothing about a pair.
    let areKnown = !update.nonFiniteRows.isEmpty && update.nonFiniteRows.count < batch.count
    let keys = areKnown ? update.nonFiniteRows.map { batch.keys[$0] } : batch.keys
    let names = keys.prefix(8).joined(separator: ", ") + (keys.count > 8 ? ", …" : "")
    warn(
      "Step \(state.step): the loss is \(update.loss), the gradient's norm "
        + "\(update.gradientNorm); no parameter was changed. "
        + (areKnown ? "Not finite are the embeddings of: " : "Its pairs: ") + names)
    guard state.nonFiniteInARow < recipe.nonFiniteStepLimit else {
      throw .notFinite(
        step: state.step, inARow: state.nonFiniteInARow, keys: keys)
    }
  }
}
