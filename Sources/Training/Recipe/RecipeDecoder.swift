internal import Autodiff

/// Turns a recipe's text into a `Recipe`, refusing whatever it does not know or cannot keep.
public enum RecipeDecoder {
  /// Reads a recipe.
  ///
  /// - Parameters:
  ///   - text: the recipe's YAML, at most 1 MiB.
  ///   - file: its path: errors name it, and the paths in the recipe are relative to its folder.
  ///   - overrides: `KEY=VALUE` each, as given to `--set`; they replace what the text has. Paths in
  ///     them are relative to the recipe's folder as well.
  /// - Throws: `RecipeError` with file, line, column and key.
  public static func decode(
    text: String, file: String, overrides: [String] = []
  ) throws(RecipeError) -> Recipe {
    var root = try RecipeReader.read(text, source: file)
    for argument in overrides {
      try RecipeOverride(argument).apply(to: &root)
    }
    let values = try RecipeValues(root)
    let recipe = try recipe(values, paths: RecipePaths(recipe: file))
    try RecipeRules.check(recipe, values)
    return recipe
  }

  private static func recipe(
    _ values: RecipeValues, paths: RecipePaths
  ) throws(RecipeError) -> Recipe {
    Recipe(
      run: try values.text("run"),
      seed: UInt64(try values.integer("seed")),
      model: try model(values, paths: paths),
      data: try data(values, paths: paths),
      objective: try objective(values, paths: paths),
      batch: Recipe.Batch(
        pairs: try values.integer("batch.pairs"),
        tokensPerChunk: try values.integer("batch.tokens_per_chunk"),
        imagesPerChunk: try values.integer("batch.images_per_chunk")),
      optimizer: try optimizer(values),
      precision: try word("precision", in: values),
      length: try values.duration("length"),
      validation: try validation(values),
      checkpoints: Recipe.Checkpoints(
        every: try values.duration("checkpoints.every"),
        keep: try values.integer("checkpoints.keep")),
      threads: Recipe.Threads(
        compute: values.threads("threads.compute"), loader: values.threads("threads.loader")),
      memoryBudget: try values.bytes("memory_budget"),
      nonFiniteStepLimit: try values.integer("non_finite.stop_after"))
  }

  /// A word of a `choice` as the case it names.
  static func word<Word: RawRepresentable<String>>(
    _ path: String, in values: RecipeValues
  ) throws(RecipeError) -> Word {
    let text = try values.text(path)
    guard let word = Word(rawValue: text) else {
      preconditionFailure("RecipeSchema allows \(text) for \(path), which \(Word.self) lacks.")
    }
    return word
  }

  private static func optimizer(_ values: RecipeValues) throws(RecipeError) -> Recipe.Optimizer {
    let betas = try values.pair("optimizer.adamw.betas")
    return Recipe.Optimizer(
      learningRate: Float(try values.number("optimizer.adamw.learning_rate")),
      firstBeta: Float(betas.0), secondBeta: Float(betas.1),
      epsilon: Float(try values.number("optimizer.adamw.epsilon")),
      weightDecay: Float(try values.number("optimizer.adamw.weight_decay")),
      decayExclusions: try word("optimizer.adamw.decay_exclusions", in: values),
      schedule: try schedule(values),
      clipGradientNorm: values.optionalNumber("optimizer.clip_gradient_norm").map(Float.init),
      layerRateDecay: Float(try values.number("optimizer.layer_rate_decay")),
      averageDecay: values.optionalNumber("optimizer.ema_decay").map(Float.init))
  }

  private static func schedule(_ values: RecipeValues) throws(RecipeError) -> Recipe.Schedule {
    if values.has("optimizer.schedule.cosine") {
      return .cosine(
        warmup: try values.duration("optimizer.schedule.cosine.warmup"),
        floor: Float(try values.number("optimizer.schedule.cosine.floor")))
    }
    if values.has("optimizer.schedule.linear") {
      return .linear(warmup: try values.duration("optimizer.schedule.linear.warmup"))
    }
    return .constant
  }

  private static func validation(
    _ values: RecipeValues
  ) throws(RecipeError) -> Recipe.Validation? {
    guard values.has("data.validation") else { return nil }
    return Recipe.Validation(
      every: try values.duration("validate.every"),
      chooseBestBy: try word("validate.choose_best_by", in: values),
      stopAfterWorse: values.optionalInteger("validate.stop_after"))
  }
}
