internal import Autodiff
internal import PairData

extension Recipe {
  /// The recipe as canonical YAML, with absolute paths and every default that can be written: what
  /// stays out is what leaving out alone can say, such as no clipping.
  ///
  /// Decoding it gives an equal recipe, whatever folder it lies in; equal recipes give equal text.
  public var resolved: String {
    var writer = RecipeWriter()
    for key in RecipeSchema.keys {
      if let text = resolvedValue(key.path) { writer.add(key.path, text) }
    }
    return writer.text
  }

  /// The keys whose values differ from another recipe's, in the schema's order.
  func differences(from other: Recipe) -> [RecipeDifference] {
    RecipeSchema.keys.compactMap { key in
      let (before, now) = (other.resolvedValue(key.path), resolvedValue(key.path))
      return before == now ? nil : RecipeDifference(key: key.path, before: before, now: now)
    }
  }

  /// What a key has, as it is written; nothing where the key is left out.
  func resolvedValue(_ path: String) -> String? {
    switch path.prefix(while: { $0 != "." }) {
    case "run": RecipeWriter.quoted(run)
    case "model": modelValue(path)
    case "data": dataValue(path)
    case "optimizer": optimizerValue(path)
    default: otherValue(path)
    }
  }

  private func modelValue(_ path: String) -> String? {
    switch path {
    case "model.train": return RecipeWriter.list(model.rules.rules.map(\.description))
    case "model.dropout": return PlainNumber.text(model.dropout)
    case "model.image_mask_ratio": return PlainNumber.text(model.imageMaskRatio)
    case "model.lora.rank": return model.lora.map { "\($0.rank)" }
    case "model.lora.alpha": return model.lora.map { PlainNumber.text($0.alpha) }
    case "model.lora.layers":
      return model.lora.map { RecipeWriter.list($0.layers.map(\.text)) }
    default: break
    }
    switch model.source {
    case .checkpoint(let source, let imageSize):
      switch path {
      case "model.from": return RecipeWriter.quoted(source)
      case "model.configuration.image.size": return imageSize.map { "\($0)" }
      default: return nil
      }
    case .fresh(let fresh): return fresh.resolvedValue(path)
    }
  }

  private func dataValue(_ path: String) -> String? {
    switch path {
    case "data.train": return RecipeWriter.list(data.train)
    case "data.validation":
      return data.validation.isEmpty ? nil : RecipeWriter.list(data.validation)
    case "data.captions": return data.captions.resolvedText
    case "data.validation_captions":
      return data.validation.isEmpty ? nil : data.validationCaptions.resolvedText
    case "data.vocabulary":
      guard case .fresh(let fresh) = model.source else { return nil }
      return RecipeWriter.quoted(fresh.vocabulary)
    case "data.context_length": return "\(data.contextLength)"
    case "data.shuffle": return "\(data.isShuffled)"
    case "data.augmentation": return data.augmentation.recipeText
    case "data.views": return data.viewCount.map { "\($0)" }
    case "data.cache": return "\(data.isCached)"
    case "data.damage_limit": return "\(PlainNumber.text(data.damageLimitPercent)) %"
    case "data.alpha": return data.alpha.map { $0 == .dropped ? "dropped" : "on_white" }
    case "data.exif_orientation":
      return data.orientation.map { $0 == .ignored ? "ignored" : "applied" }
    default: return nil
    }
  }

  private func optimizerValue(_ path: String) -> String? {
    switch (path, optimizer.schedule) {
    case ("optimizer.adamw.learning_rate", _): return PlainNumber.text(optimizer.learningRate)
    case ("optimizer.adamw.betas", _):
      return "[\(PlainNumber.text(optimizer.firstBeta)), \(PlainNumber.text(optimizer.secondBeta))]"
    case ("optimizer.adamw.epsilon", _): return PlainNumber.text(optimizer.epsilon)
    case ("optimizer.adamw.weight_decay", _): return PlainNumber.text(optimizer.weightDecay)
    case ("optimizer.adamw.decay_exclusions", _): return optimizer.decayExclusions.rawValue
    case ("optimizer.schedule", .constant): return "constant"
    case ("optimizer.schedule.cosine.warmup", .cosine(let warmup, _)): return warmup.description
    case ("optimizer.schedule.cosine.floor", .cosine(_, let floor)): return PlainNumber.text(floor)
    case ("optimizer.schedule.linear.warmup", .linear(let warmup)): return warmup.description
    case ("optimizer.clip_gradient_norm", _):
      return optimizer.clipGradientNorm.map { PlainNumber.text($0) }
    case ("optimizer.layer_rate_decay", _): return PlainNumber.text(optimizer.layerRateDecay)
    case ("optimizer.ema_decay", _): return optimizer.averageDecay.map { PlainNumber.text($0) }
    default: return nil
    }
  }

  private func otherValue(_ path: String) -> String? {
    switch path {
    case "seed": "\(seed)"
    case "objective.info_nce.logit_scale_maximum": PlainNumber.text(objective.logitScaleMaximum)
    case "objective.info_nce.repeated_pairs": objective.repeatedPairs.rawValue
    case "objective.distillation.teacher":
      objective.distillation.map { RecipeWriter.quoted($0.teacher) }
    case "objective.distillation.weight":
      objective.distillation.map { PlainNumber.text($0.weight) }
    case "batch.pairs": "\(batch.pairs)"
    case "batch.tokens_per_chunk": "\(batch.tokensPerChunk)"
    case "batch.images_per_chunk": "\(batch.imagesPerChunk)"
    case "precision": precision.rawValue
    case "length": length.description
    case "validate.every": validation?.every.description
    case "validate.choose_best_by": validation?.chooseBestBy.rawValue
    case "validate.stop_after": validation?.stopAfterWorse.map { "\($0) worse" }
    case "checkpoints.every": checkpoints.every.description
    case "checkpoints.keep": "\(checkpoints.keep)"
    case "threads.compute": threads.compute.map { "\($0)" } ?? "all"
    case "threads.loader": threads.loader.map { "\($0)" } ?? "all"
    case "memory_budget": memoryBudget.description
    case "non_finite.stop_after": "\(nonFiniteStepLimit)"
    default: nil
    }
  }
}

extension Recipe.Fresh {
  fileprivate func resolvedValue(_ path: String) -> String? {
    switch path {
    case "model.family": family.rawValue
    case "model.image_from": imageFrom.map(RecipeWriter.quoted)
    case let path where path.hasPrefix("model.configuration.image."):
      image.resolvedValue(String(path.dropFirst("model.configuration.image.".count)))
    case "model.configuration.text.width": "\(text.width)"
    case "model.configuration.text.depth": "\(text.depth)"
    case "model.configuration.text.head_width": "\(text.headWidth)"
    case "model.configuration.text.mlp_width": "\(text.mlpWidth)"
    case "model.configuration.text.maximum_positions": "\(text.maximumPositions)"
    case "model.configuration.embedding_width": "\(embeddingWidth)"
    default: nil
    }
  }
}

extension Recipe.ImageTower {
  /// - Parameter key: within the tower's group.
  fileprivate func resolvedValue(_ key: String) -> String? {
    switch (key, kind) {
    case ("size", _): "\(size)"
    case ("width", _): "\(width)"
    case ("head_width", _): "\(headWidth)"
    case ("patch", .visionTransformer(let patch, _)): "\(patch)"
    case ("depth", .visionTransformer(_, let depth)): "\(depth)"
    case ("layers", .residualNetwork(let layers)): "\(layers)"
    default: nil
    }
  }
}

extension CaptionSelector {
  fileprivate var resolvedText: String? {
    self == .automatic ? nil : RecipeWriter.quoted(description)
  }
}
