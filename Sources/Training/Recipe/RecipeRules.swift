internal import PairData

/// What several keys of a recipe have to agree on.
enum RecipeRules {
  /// - Throws: `conflict` for the first disagreement.
  static func check(_ recipe: Recipe, _ values: RecipeValues) throws(RecipeError) {
    if case .fresh(let model) = recipe.model.source { try check(model, recipe, values) }
    if recipe.batch.tokensPerChunk < recipe.data.contextLength {
      throw conflict(
        values, "batch.tokens_per_chunk", FixedText.count(recipe.batch.tokensPerChunk, "token"),
        "A caption of `data.context_length`, \(recipe.data.contextLength) tokens, has to fit",
        "Raise the one or lower the other.")
    }
    if case .cosine(_, let floor) = recipe.optimizer.schedule,
      floor > recipe.optimizer.learningRate
    {
      throw conflict(
        values, "optimizer.schedule.cosine.floor", "a floor of \(floor)",
        "It is not above the learning rate of \(recipe.optimizer.learningRate)", "Lower it.")
    }
    if recipe.data.viewCount != nil, recipe.data.augmentation == .none {
      throw conflict(
        values, "data.views", "views of pictures",
        "Without `data.augmentation` all views of a picture are the same", "Remove it.")
    }
    try checkWarmup(recipe, values)
  }

  private static func check(
    _ model: Recipe.Fresh, _ recipe: Recipe, _ values: RecipeValues
  ) throws(RecipeError) {
    var divisions: [(key: String, part: Int, whole: Int, name: String)] = [
      ("text.head_width", model.text.headWidth, model.text.width, "text.width")
    ]
    switch model.image.kind {
    case .visionTransformer(let patch, _):
      divisions += [
        ("image.patch", patch, model.image.size, "image.size"),
        ("image.head_width", model.image.headWidth, model.image.width, "image.width"),
      ]
    case .residualNetwork: try checkResidualNetwork(model.image, values)
    }
    for division in divisions where division.whole % division.part != 0 {
      throw conflict(
        values, "model.configuration." + division.key, "\(division.part)",
        "It must divide `model.configuration.\(division.name)`, which is \(division.whole)",
        "Change one of the two.")
    }
    if recipe.data.contextLength > model.text.maximumPositions {
      throw conflict(
        values, "data.context_length", "\(recipe.data.contextLength) tokens",
        "The text tower has \(model.text.maximumPositions) positions",
        "Lower it, or raise `model.configuration.text.maximum_positions`.")
    }
    if recipe.model.imageMaskRatio > 0, case .residualNetwork = model.image.kind {
      throw conflict(
        values, "model.image_mask_ratio", "\(recipe.model.imageMaskRatio) of a residual network",
        "Only a vision transformer has patches that can be left out", "Remove it.")
    }
    if case .roll(let pixels) = recipe.data.augmentation, pixels >= model.image.size {
      throw conflict(
        values, "data.augmentation", "\(pixels) pixels",
        "The picture has \(model.image.size) a side", "Move it by less.")
    }
  }

  private static func checkResidualNetwork(
    _ image: Recipe.ImageTower, _ values: RecipeValues
  ) throws(RecipeError) {
    let group = "model.configuration.image."
    guard image.size % 32 == 0 else {
      throw conflict(
        values, group + "size", "\(image.size) pixels",
        "A residual network halves its maps five times", "Use a multiple of 32.")
    }
    guard image.width % 2 == 0, ModelRanges.stemWidth.contains(image.width) else {
      throw conflict(
        values, group + "width", "\(image.width)",
        "A residual network's stem begins with half of it and its last layer has 32 times as many",
        "Use an even number up to 1024.")
    }
    guard 32 * image.width % image.headWidth == 0 else {
      throw conflict(
        values, group + "head_width", "\(image.headWidth)",
        "It must divide 32 times `\(group)width`, which is \(32 * image.width)",
        "Change one of the two.")
    }
  }

  /// Only where both have the same unit: how many steps an epoch has is known when the shards are.
  private static func checkWarmup(
    _ recipe: Recipe, _ values: RecipeValues
  ) throws(RecipeError) {
    guard let (key, warmup) = recipe.optimizer.schedule.warmup else { return }
    let isTooLong =
      switch (warmup, recipe.length) {
      case (.steps(let warmup), .steps(let length)): warmup > length
      case (.epochs(let warmup), .epochs(let length)): warmup > length
      default: false
      }
    guard isTooLong else { return }
    throw conflict(
      values, key, "a warm-up of \(warmup)",
      "The whole run, `length`, has \(recipe.length)", "Shorten the warm-up or lengthen the run.")
  }

  private static func conflict(
    _ values: RecipeValues, _ key: String, _ found: String, _ expected: String, _ advice: String
  ) -> RecipeError {
    .conflict(values.place(of: key), key: key, found: found, expected: expected, advice: advice)
  }
}
