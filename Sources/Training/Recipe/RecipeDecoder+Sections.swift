internal import Autodiff
internal import PairData

extension RecipeDecoder {
  static func model(
    _ values: RecipeValues, paths: RecipePaths
  ) throws(RecipeError) -> Recipe.Model {
    let source: Recipe.Source
    if let path = values.optionalText("model.from") {
      let size = "model.configuration.image.size"
      let brought = RecipeSchema.keys.map(\.path).filter {
        $0.hasPrefix("model.configuration.") && $0 != size
      }
      try refuse(
        ["model.family", "model.image_from", "data.vocabulary"] + brought, besides: "model.from",
        in: values, because: "The checkpoint of `model.from` brings its own")
      source = .checkpoint(
        path: paths.absolute(path), imageSize: values.optionalInteger(size))
    } else {
      guard values.has("model.family") else {
        throw .missingKey(
          values.place(of: "model.from"), key: "model.from",
          expected: "A checkpoint to start from, or `model.family` and `model.configuration`,")
      }
      source = .fresh(try fresh(values, paths: paths))
    }
    return Recipe.Model(
      source: source, rules: ParameterRules(rules: try values.rules("model.train")),
      dropout: Float(try values.number("model.dropout")),
      imageMaskRatio: try values.number("model.image_mask_ratio"), lora: try lora(values))
  }

  private static func lora(_ values: RecipeValues) throws(RecipeError) -> Recipe.LoRA? {
    guard values.has("model.lora") else { return nil }
    return Recipe.LoRA(
      rank: try values.integer("model.lora.rank"),
      alpha: Float(try values.number("model.lora.alpha")),
      layers: try values.parameterPatterns("model.lora.layers"))
  }

  private static func fresh(
    _ values: RecipeValues, paths: RecipePaths
  ) throws(RecipeError) -> Recipe.Fresh {
    let text = "model.configuration.text."
    let textWidth = try values.integer(text + "width")
    return Recipe.Fresh(
      family: try word("model.family", in: values),
      image: try imageTower(values),
      text: Recipe.TextTower(
        width: textWidth, depth: try values.integer(text + "depth"),
        headWidth: try values.integer(text + "head_width"),
        mlpWidth: values.optionalInteger(text + "mlp_width") ?? 4 * textWidth,
        maximumPositions: try values.integer(text + "maximum_positions")),
      embeddingWidth: try values.integer("model.configuration.embedding_width"),
      imageFrom: values.optionalText("model.image_from").map(paths.absolute),
      vocabulary: paths.absolute(try values.text("data.vocabulary")))
  }

  private static func imageTower(
    _ values: RecipeValues
  ) throws(RecipeError) -> Recipe.ImageTower {
    let image = "model.configuration.image."
    let kind: Recipe.ImageTower.Kind
    if let layers = values.optionalIntegers(image + "layers") {
      try refuse(
        [image + "patch", image + "depth"], besides: image + "layers", in: values,
        because: "A residual network has `layers`")
      kind = .residualNetwork(layers: layers)
    } else {
      kind = .visionTransformer(
        patch: try values.integer(image + "patch"), depth: try values.integer(image + "depth"))
    }
    return Recipe.ImageTower(
      size: try values.integer(image + "size"), kind: kind,
      width: try values.integer(image + "width"),
      headWidth: try values.integer(image + "head_width"))
  }

  static func data(
    _ values: RecipeValues, paths: RecipePaths
  ) throws(RecipeError) -> Recipe.Data {
    let captions = values.captions("data.captions") ?? .automatic
    if !values.has("data.validation") {
      try refuse(
        ["data.validation_captions", "validate"], besides: "data.validation", in: values,
        because: "Without `data.validation` nothing is validated")
    }
    return Recipe.Data(
      train: try values.patterns("data.train").map(paths.absolute),
      validation: (values.optionalPatterns("data.validation") ?? []).map(paths.absolute),
      captions: captions,
      validationCaptions: values.captions("data.validation_captions") ?? captions,
      contextLength: try values.integer("data.context_length"),
      isShuffled: try values.boolean("data.shuffle"),
      augmentation: try values.augmentation("data.augmentation"),
      viewCount: values.optionalInteger("data.views"), isCached: try values.boolean("data.cache"),
      damageLimitPercent: try values.number("data.damage_limit"),
      alpha: values.optionalText("data.alpha").map { $0 == "dropped" ? .dropped : .onWhite },
      orientation: values.optionalText("data.exif_orientation").map {
        $0 == "ignored" ? .ignored : .applied
      })
  }

  static func objective(
    _ values: RecipeValues, paths: RecipePaths
  ) throws(RecipeError) -> Recipe.Objective {
    var distillation: Recipe.Distillation?
    if values.has("objective.distillation") {
      distillation = Recipe.Distillation(
        teacher: paths.absolute(try values.text("objective.distillation.teacher")),
        weight: Float(try values.number("objective.distillation.weight")))
    }
    return Recipe.Objective(
      logitScaleMaximum: Float(try values.number("objective.info_nce.logit_scale_maximum")),
      repeatedPairs: try word("objective.info_nce.repeated_pairs", in: values),
      distillation: distillation)
  }

  /// - Throws: `conflict` for the first of the keys that the text has.
  private static func refuse(
    _ paths: [String], besides other: String, in values: RecipeValues, because reason: String
  ) throws(RecipeError) {
    for path in paths where values.has(path) {
      throw .conflict(
        values.place(of: path), key: path, found: "this key has no effect here",
        expected: reason, advice: "Remove it, or see to `\(other)`.")
    }
  }
}
