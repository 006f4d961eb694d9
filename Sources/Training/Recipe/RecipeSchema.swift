/// All keys of a recipe, in the order in which they are written.
///
/// Decoding, defaults, ranges, the nearest key and the table in recipes/README.md follow this.
enum RecipeSchema {
  static let keys: [RecipeKey] =
    run + model + configuration + data + objective + batch + optimizer + rest

  private static let run = [
    RecipeKey(
      path: "run", type: .name, presence: .required,
      effect: "Names the run's folders under `checkpoints/` and `logs/`."),
    RecipeKey(
      path: "seed", type: .integer(0...Int.max), presence: .fallback("0"),
      effect: "Decides initial parameters, the order of pairs, dropout and augmentation."),
  ]

  private static let model = [
    RecipeKey(
      path: "model.from", type: .path, presence: .optional("or `model.family`"),
      effect: "Starts from this checkpoint's parameters, configuration and vocabulary."),
    RecipeKey(
      path: "model.family", type: .choice(Recipe.Family.allCases.map(\.rawValue)),
      presence: .optional("or `model.from`"),
      effect: "Starts from nothing, with the towers of this family."),
    RecipeKey(
      path: "model.image_from", type: .path, presence: .optional("from nothing"),
      effect: "Takes the image tower's parameters out of this checkpoint; beside `family` only."),
    RecipeKey(
      path: "model.train", type: .rules, presence: .required,
      effect: "Says what is trained: ordered rules over parameter paths, the first match wins."),
    RecipeKey(
      path: "model.dropout", type: .number(.from(0, below: 1)), presence: .fallback("0"),
      effect: "Drops this share of the text tower's activations in training."),
    RecipeKey(
      path: "model.image_mask_ratio", type: .number(.from(0, below: 1)), presence: .fallback("0"),
      effect: "Hides this share of each picture's patches from a ViT in training, at random."),
    RecipeKey(
      path: "model.lora.rank", type: .integer(ModelRanges.lowRank), presence: withLoRA,
      effect: "Gives the chosen linear layers an update of so many dimensions, beside the weight."),
    RecipeKey(
      path: "model.lora.alpha", type: .number(.above(0, to: 10_000)), presence: withLoRA,
      effect: "Multiplies the updates, divided by their rank."),
    RecipeKey(
      path: "model.lora.layers", type: .parameterPatterns, presence: withLoRA,
      effect: "Chooses the linear layers, by patterns over paths such as "
        + "`text/blocks/0/attention/query`."),
  ]

  private static let withLoRA = RecipeKey.Presence.optional("needed in `model.lora`")

  private static let width = RecipeType.integer(ModelRanges.width)
  private static let depth = RecipeType.integer(ModelRanges.depth)
  private static let withFamily = RecipeKey.Presence.optional("needed beside `family`")

  private static let configuration = [
    RecipeKey(
      path: "model.configuration.image.size", type: .integer(ModelRanges.imageSize),
      presence: .optional("needed beside `family`; the checkpoint's beside `from`"),
      effect: "The picture's pixels a side; beside `from`, a ViT's positions are resized to it."),
    RecipeKey(
      path: "model.configuration.image.patch", type: .integer(ModelRanges.patch),
      presence: .optional("needed for a ViT beside `family`"),
      effect: "A patch's pixels a side; divides the size."),
    RecipeKey(
      path: "model.configuration.image.width", type: width, presence: withFamily,
      effect: "Channels of the image tower."),
    RecipeKey(
      path: "model.configuration.image.depth", type: depth,
      presence: .optional("needed for a ViT beside `family`"),
      effect: "Blocks of the image tower."),
    RecipeKey(
      path: "model.configuration.image.layers", type: .integers(count: 4, ModelRanges.depth),
      presence: .optional("a ViT"),
      effect: "Makes the image tower a residual network with so many blocks in its layers, in "
        + "place of `patch` and `depth`; `width` is that of its stem."),
    RecipeKey(
      path: "model.configuration.image.head_width", type: .integer(ModelRanges.headWidth),
      presence: .fallback("64"),
      effect: "Channels of an attention head; divides the width, of a residual network 32 times "
        + "that."),
    RecipeKey(
      path: "model.configuration.text.width", type: width, presence: withFamily,
      effect: "Channels of the text tower."),
    RecipeKey(
      path: "model.configuration.text.depth", type: depth, presence: withFamily,
      effect: "Blocks of the text tower."),
    RecipeKey(
      path: "model.configuration.text.head_width", type: .integer(ModelRanges.headWidth),
      presence: .fallback("64"),
      effect: "Channels of an attention head; divides the width."),
    RecipeKey(
      path: "model.configuration.text.mlp_width", type: .integer(ModelRanges.mlpWidth),
      presence: .optional("4 × width"), effect: "Channels inside a block's MLP."),
    RecipeKey(
      path: "model.configuration.text.maximum_positions", type: .integer(ModelRanges.positions),
      presence: .fallback("512"), effect: "Positions that have an embedding."),
    RecipeKey(
      path: "model.configuration.embedding_width", type: width, presence: withFamily,
      effect: "The width of the space that both towers share."),
  ]

  private static let data = [
    RecipeKey(
      path: "data.train", type: .patterns, presence: .required,
      effect: "The shards to learn from."),
    RecipeKey(
      path: "data.validation", type: .patterns, presence: .optional("no validation"),
      effect: "The shards on which retrieval is measured during the run."),
    RecipeKey(
      path: "data.captions", type: .captions,
      presence: .optional("`txt`, then the JSON field `captions`"),
      effect: "Which texts of a pair are its captions; one of them is drawn per epoch."),
    RecipeKey(
      path: "data.validation_captions", type: .captions, presence: .optional("`data.captions`"),
      effect: "The same for validation, where all of them count."),
    RecipeKey(
      path: "data.vocabulary", type: .path, presence: withFamily,
      effect: "The WordPiece vocabulary of a model from nothing."),
    RecipeKey(
      path: "data.context_length", type: .integer(ModelRanges.contextLength),
      presence: .fallback("52"),
      effect: "Cuts captions to so many tokens, the two special ones included."),
    RecipeKey(
      path: "data.shuffle", type: .boolean, presence: .fallback("true"),
      effect: "Draws a new order of all pairs for each epoch."),
    RecipeKey(
      path: "data.augmentation", type: .augmentation, presence: .fallback("none"),
      effect: "Crops a random part of that share of the area, or moves the picture by pixels; "
        + "`chinese_clip` crops, mirrors half of the pictures and draws from AutoAugment."),
    RecipeKey(
      path: "data.views", type: .integer(1...1_000),
      presence: .optional("a new view in every step, encoded there"),
      effect: "Encodes so many augmented views of each picture once, where the image tower is "
        + "locked; each epoch draws one of them for each picture."),
    RecipeKey(
      path: "data.cache", type: .boolean, presence: .fallback("true"),
      effect:
        "Keeps what a locked tower or a teacher makes of pictures and captions in files beside "
        + "the shards, for other runs too."),
    RecipeKey(
      path: "data.damage_limit", type: .share, presence: .fallback("1 %"),
      effect: "Stops the run when more of the pairs cannot be read."),
    RecipeKey(
      path: "data.alpha", type: .choice(["on_white", "dropped"]),
      presence: .optional("the checkpoint's beside `from`, else `on_white`"),
      effect: "Lays transparent pictures over white, or prepares every picture in the mode of its "
        + "file and drops alpha, as Chinese-CLIP does."),
    RecipeKey(
      path: "data.exif_orientation", type: .choice(["applied", "ignored"]),
      presence: .optional("the checkpoint's beside `from`, else `applied`"),
      effect: "Turns pictures upright as the camera noted, or leaves them as stored."),
  ]

  private static let objective = [
    RecipeKey(
      path: "objective.info_nce.logit_scale_maximum", type: .number(.from(1, to: 10_000)),
      presence: .fallback("100"), effect: "Caps the multiplier of similarities."),
    RecipeKey(
      path: "objective.info_nce.repeated_pairs", type: .choice(["masked", "positive", "plain"]),
      presence: .fallback("masked"),
      effect: "Leaves out, counts as right, or counts as wrong equal captions and pictures."),
    RecipeKey(
      path: "objective.distillation.teacher", type: .path, presence: .optional("no distillation"),
      effect: "Pulls pictures' embeddings towards those of this checkpoint's image tower."),
    RecipeKey(
      path: "objective.distillation.weight", type: .number(.above(0, to: 1_000)),
      presence: .fallback("0.5"),
      effect: "How much the mean distance to the teacher, 1 less the cosine, adds to the loss."),
  ]

  private static let batch = [
    RecipeKey(
      path: "batch.pairs", type: .integer(2...1_048_576), presence: .required,
      effect: "Pairs contrasted with each other, those of one optimizer step."),
    RecipeKey(
      path: "batch.tokens_per_chunk", type: .integer(3...1_048_576), presence: .fallback("2048"),
      effect: "Text computed at once; not less than `data.context_length`."),
    RecipeKey(
      path: "batch.images_per_chunk", type: .integer(1...65_536), presence: .fallback("16"),
      effect: "Pictures computed at once."),
  ]

  private static let optimizer = [
    RecipeKey(
      path: "optimizer.adamw.learning_rate", type: .number(.above(0, to: 10)),
      presence: .required, effect: "The rate at the end of the warmup."),
    RecipeKey(
      path: "optimizer.adamw.betas", type: .pair(.from(0, below: 1)),
      presence: .fallback("[0.9, 0.98]"),
      effect: "How much of the means of gradients and of their squares stays."),
    RecipeKey(
      path: "optimizer.adamw.epsilon", type: .number(.above(0, to: 1)),
      presence: .fallback("1e-6"), effect: "Added to the root of the second mean."),
    RecipeKey(
      path: "optimizer.adamw.weight_decay", type: .number(.from(0, to: 10)), presence: .required,
      effect: "Shrinks weights, but for what `decay_exclusions` and rules with `decay` say."),
    RecipeKey(
      path: "optimizer.adamw.decay_exclusions",
      type: .choice(DecayExclusions.allCases.map(\.rawValue)),
      presence: .fallback(DecayExclusions.oneDimensional.rawValue),
      effect: "Keeps from decay what has one dimension (norms, biases, `logit_scale`), what "
        + "Chinese-CLIP keeps from it, or nothing; a rule's `decay` goes before."),
    RecipeKey(
      path: "optimizer.schedule", type: .choice(["constant"], orGroups: ["cosine", "linear"]),
      presence: .fallback("constant"),
      effect: "Keeps the learning rate, or lets it rise and fall."),
    RecipeKey(
      path: "optimizer.schedule.cosine.warmup",
      type: .duration(allowsPercent: true, allowsNothing: true), presence: .fallback("0 steps"),
      effect: "The steps of a linear rise before the fall along half a cosine."),
    RecipeKey(
      path: "optimizer.schedule.cosine.floor", type: .number(.from(0, to: 10)),
      presence: .fallback("0"), effect: "The learning rate at the end; not above the first."),
    RecipeKey(
      path: "optimizer.schedule.linear.warmup",
      type: .duration(allowsPercent: true, allowsNothing: true), presence: .fallback("0 steps"),
      effect: "The steps of a linear rise before the linear fall to nothing."),
    RecipeKey(
      path: "optimizer.clip_gradient_norm", type: .number(.above(0, to: 1_000_000)),
      presence: .optional("no clipping"), effect: "Scales gradients of a larger norm down to it."),
    RecipeKey(
      path: "optimizer.layer_rate_decay", type: .number(.above(0, to: 1)),
      presence: .fallback("1"),
      effect: "Multiplies the learning rate of each layer of a tower by this share of the next "
        + "one's."),
    RecipeKey(
      path: "optimizer.ema_decay", type: .number(.above(0, below: 1)),
      presence: .optional("no average"),
      effect: "Keeps a moving average of the weights, of which each update leaves this share, as "
        + "what is validated and used."),
  ]

  private static let stretch = RecipeType.duration(allowsPercent: true, allowsNothing: false)

  private static let rest = [
    RecipeKey(
      path: "precision", type: .choice(Recipe.Precision.allCases.map(\.rawValue)),
      presence: .fallback("float32"),
      effect: "What matrix products round their operands to; sums and all else stay Float32. "
        + "A processor without BF16 instructions uses Float32, and the log says so."),
    RecipeKey(
      path: "length", type: .duration(allowsPercent: false, allowsNothing: false),
      presence: .required, effect: "How long the run trains."),
    RecipeKey(
      path: "validate.every", type: stretch, presence: .fallback("1 epoch"),
      effect: "How often retrieval is measured, besides at the end."),
    RecipeKey(
      path: "validate.choose_best_by", type: .choice(RetrievalFigure.allCases.map(\.rawValue)),
      presence: .fallback("mean_recall"), effect: "The figure that makes a checkpoint the best."),
    RecipeKey(
      path: "validate.stop_after", type: .worse, presence: .optional("never"),
      effect: "Ends the run after so many validations in a row without a better figure."),
    RecipeKey(
      path: "checkpoints.every", type: stretch, presence: .fallback("1 epoch"),
      effect: "How often a checkpoint is written, besides at the end."),
    RecipeKey(
      path: "checkpoints.keep", type: .integer(1...1_000_000), presence: .fallback("3"),
      effect: "How many of them stay, the best besides."),
    RecipeKey(
      path: "threads.compute", type: .threads, presence: .fallback("all"),
      effect: "Threads that compute: one for each core that the process may use, a container's "
        + "limit included, or so many. More than there are cores make steps slower."),
    RecipeKey(
      path: "threads.loader", type: .threads, presence: .fallback("all"),
      effect: "Tasks that read and decode pairs."),
    RecipeKey(
      path: "memory_budget", type: .bytes, presence: .fallback("4 GiB"),
      effect: "What the activations of chunks may take, of towers that are encoded in the step; "
        + "where one of each needs more, blocks are computed again for their gradient (gradient "
        + "checkpointing)."),
    RecipeKey(
      path: "non_finite.stop_after", type: .integer(1...1_000_000), presence: .fallback("10"),
      effect: "Ends the run after so many steps in a row whose loss or gradient is not finite."),
  ]
}
