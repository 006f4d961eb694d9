import Testing

@testable import Training

@Suite struct RecipeErrorTests {
  /// A change of a good recipe, and what the message has to say.
  struct Mistake: Sendable, CustomTestStringConvertible {
    let old: String
    let new: String
    let message: String
    var testDescription: String { new }
  }

  static let mistakes = [
    Mistake(
      old: "seed: 7", new: "sead: 7",
      message: "a.yaml:3:1: `sead` is not a key of a recipe. Did you mean `seed`?"),
    Mistake(
      old: "learning_rate: 5e-5", new: "learning_rte: 5e-5",
      message: "Did you mean `optimizer.adamw.learning_rate`?"),
    Mistake(
      old: "shuffle: true", new: "warmup: 3 %", message: "`optimizer.schedule.cosine.warmup`?"),
    Mistake(
      old: "seed: 7", new: "seed: 7\nseed: 8",
      message: "a.yaml:4:1: `seed` stands here a second time"),
    Mistake(old: "run: muge_lit\n", new: "", message: "`run` is missing. A name of letters"),
    Mistake(old: "seed: 7", new: "seed: 007", message: "3:7: `seed` is `007`. A whole number"),
    Mistake(old: "seed: 7", new: "seed: \"7\"", message: "`seed` is the text \"7\""),
    Mistake(old: "seed: 7", new: "seed: -1", message: "The range is a whole number from 0"),
    Mistake(old: "seed: 7", new: "seed: 12:30:45", message: "`seed` is `12:30:45`"),
    Mistake(old: "seed: 7", new: "seed: 1_000", message: "`seed` is `1_000`"),
    Mistake(old: "seed: 7", new: "seed: 99999999999999999999", message: "`seed` is `9999"),
    Mistake(old: "seed: 7", new: "seed:", message: "`seed` is left empty"),
    Mistake(old: "seed: 7", new: "seed: [7]", message: "`seed` is a list"),
    Mistake(old: "seed: 7", new: "seed: { a: 7 }", message: "`seed` is a group of keys"),
    Mistake(old: "shuffle: true", new: "shuffle: yes", message: "`true` or `false` was expected"),
    Mistake(old: "shuffle: true", new: "shuffle: \"true\"", message: "`data.shuffle`"),
    Mistake(old: "5e-5", new: ".nan", message: "`optimizer.adamw.learning_rate` is `.nan`"),
    Mistake(old: "5e-5", new: ".inf", message: "is `.inf`. A number above 0"),
    Mistake(old: "5e-5", new: "1e999", message: "is `1e999`"),
    Mistake(old: "5e-5", new: "0", message: "The range is a number above 0 to 10"),
    Mistake(old: "5e-5", new: "1e-60", message: "The range is a number above 0 to 10"),
    Mistake(old: "[0.9, 0.98]", new: "[0.9, 1]", message: "from 0 and below 1"),
    Mistake(old: "[0.9, 0.98]", new: "[0.9]", message: "`optimizer.adamw.betas` is a list"),
    Mistake(old: "3 epochs", new: "3", message: "`length` is `3`. `N steps` or `N epochs`"),
    Mistake(old: "3 epochs", new: "3 %", message: "`length` is `3 %`"),
    Mistake(old: "3 epochs", new: "0 steps", message: "above nothing"),
    Mistake(old: "5 worse", new: "5", message: "`validate.stop_after` is `5`"),
    Mistake(old: "mean_recall", new: "recall", message: "`text_to_image.recall@10`"),
    Mistake(old: "float32", new: "float16", message: "`precision` is `float16`"),
    Mistake(old: "crop(0.9, 1.0)", new: "crop(0.9, 1.1)", message: "`data.augmentation`"),
    Mistake(old: "crop(0.9, 1.0)", new: "chinese_clip", message: "`data.augmentation`"),
    Mistake(old: "captions: txt", new: "captions: a:b", message: "`data.captions` is `a:b`"),
    Mistake(old: "image/**: locked", new: "image/**: frozen", message: "\"PATTERN: locked\""),
    Mistake(old: "image/**: locked", new: "image//a: locked", message: "`model.train`"),
    Mistake(old: "run: muge_lit", new: "run: ../up", message: "`run` is `../up`"),
    Mistake(old: "cosine:", new: "cosin:", message: "`optimizer.schedule.cosine`?"),
    Mistake(
      old: "schedule: { cosine: { warmup: 3 % } }", new: "schedule: cosine",
      message: "`constant` or a group `cosine` or a group `linear`"),
    Mistake(
      old: "schedule: { cosine: { warmup: 3 % } }",
      new: "schedule: { cosine: { warmup: 3 % }, linear: { warmup: 3 % } }",
      message: "`optimizer.schedule.cosine` is there already"),
    Mistake(
      old: "warmup: 3 %", new: "warmup: 3 %, floor: 1",
      message: "not above the learning rate"),
    Mistake(
      old: "warmup: 3 %", new: "warmup: 4 epochs",
      message: "a warm-up of 4 epochs. The whole run, `length`, has 3 epochs. Shorten the warm-up"),
    Mistake(
      old: "tokens_per_chunk: 2048", new: "tokens_per_chunk: 51",
      message: "A caption of `data.context_length`, 52 tokens, has to fit"),
    Mistake(old: "  dropout: 0.1", new: "  family: chinese_clip", message: "no effect here"),
    Mistake(old: "  from: ../check", new: "  image_from: ../check", message: "`model.from`"),
    Mistake(
      old: "  validation: [../data/muge/valid-0.tar, ../data/muge/valid-1.tar]\n", new: "",
      message: "Without `data.validation` nothing is validated"),
    Mistake(old: "seed: 7", new: "seed: &a 7", message: "3:7: an anchor (`&`) found"),
    Mistake(old: "seed: 7", new: "seed: *a", message: "an alias (`*`) found"),
    Mistake(old: "seed: 7", new: "seed: !!int 7", message: "a tag (`!`) found"),
    Mistake(old: "seed: 7", new: "<<: { seed: 7 }", message: "a merge key (`<<`) found"),
    Mistake(old: "run: muge_lit", new: "run: |\n  muge_lit", message: "a block of text found"),
    Mistake(old: "run: muge_lit", new: "run: \"muge\n  lit\"", message: "without its end"),
    Mistake(old: "seed: 7", new: "[a, b]: 7", message: "a list or group as a key found"),
    Mistake(old: "seed: 7", new: "seed: 7\u{7}", message: "the invisible character U+7"),
    Mistake(old: "seed: 7", new: "%YAML 1.1", message: "a YAML directive"),
    Mistake(old: "seed: 7", new: "seed: 7\n---\nseed: 8", message: "this is not YAML"),
    Mistake(old: "seed: 7", new: "seed: 7\n\tbad: x", message: "this is not YAML"),
    Mistake(old: "batch: {", new: "batch: 8 #", message: "`batch` is `8`. A group of keys"),
  ]

  @Test(arguments: mistakes) func `a mistake is named with its place`(_ mistake: Mistake) throws {
    let text = RecipeExamples.tuning.replacing(mistake.old, with: mistake.new, maxReplacements: 1)
    #expect(text != RecipeExamples.tuning)
    let message = try RecipeExamples.error(text).description
    #expect(message.hasPrefix("/project/recipes/a.yaml:"))
    #expect(message.contains(mistake.message))
  }

  @Test func `a model from nothing has to fit together`() throws {
    let cases = [
      ("patch: 16", "patch: 15", "It must divide `model.configuration.image.size`, which is 32"),
      ("width: 64, depth: 2 }\n    text", "width: 65, depth: 2 }\n    text", "image.width"),
      ("maximum_positions: 64", "maximum_positions: 51", "The text tower has 51 positions"),
      ("  vocabulary: vocab.txt\n", "", "`data.vocabulary` is missing. A path"),
      ("    embedding_width: 32\n", "", "`model.configuration.embedding_width` is missing"),
      ("train.tar", "train.tar\n  augmentation: roll(32)", "The picture has 32 a side"),
      ("length: 100 steps", "length: 100 steps\nvalidate: { every: 1 epoch }", "nothing is val"),
    ]
    for (old, new, expected) in cases {
      let text = RecipeExamples.fresh.replacing(old, with: new, maxReplacements: 1)
      let message = try RecipeExamples.error(text).description
      #expect(message.contains(expected), "\(new)")
    }
  }

  @Test func `a residual tower has to fit together`() throws {
    let cases = [
      ("size: 96", "size: 80", "Use a multiple of 32"),
      ("width: 8,", "width: 7,", "Use an even number"),
      ("width: 8,", "width: 1026,", "Use an even number"),
      ("head_width: 32", "head_width: 48", "which is 256"),
      ("width: 8,", "width: 8, patch: 16,", "A residual network has `layers`"),
      ("width: 8,", "width: 8, depth: 2,", "A residual network has `layers`"),
      ("[3, 4, 6, 3]", "[3, 4, 6]", "A list of 4 whole numbers from 1 to 256"),
      ("[3, 4, 6, 3]", "[3, 4, 6, 0]", "a list of 4 whole numbers from 1 to 256"),
      ("[3, 4, 6, 3]", "[3, 4, 6, a]", "A list of 4 whole numbers from 1 to 256"),
      ("[3, 4, 6, 3]", "[3, 4, 6, \"3\"]", "A list of 4 whole numbers from 1 to 256"),
      ("[3, 4, 6, 3]", "3", "A list of 4 whole numbers from 1 to 256"),
      ("layers: [3, 4, 6, 3]", "patch: 16", "`model.configuration.image.depth` is missing"),
    ]
    for (old, new, expected) in cases {
      let text = RecipeExamples.residual.replacing(old, with: new, maxReplacements: 1)
      #expect(text != RecipeExamples.residual)
      let message = try RecipeExamples.error(text).description
      #expect(message.contains(expected), "\(new): \(message)")
    }
  }

  @Test func `beside a checkpoint only the size of pictures is said`() throws {
    for key in ["image: { patch: 16 }", "image: { layers: [1, 1, 1, 1] }", "embedding_width: 3"] {
      let text = RecipeExamples.resized.replacing("image: { size: 336 }", with: key)
      #expect(text != RecipeExamples.resized)
      let message = try RecipeExamples.error(text).description
      #expect(message.contains("this key has no effect here"), "\(message)")
    }
  }

  @Test(arguments: ["", "batch.pairs", "=3", "batch..pairs=3", "batch.pairs=", "batch.pairs=  "])
  func `an override without key or value is refused`(_ argument: String) throws {
    let error = try RecipeExamples.error(RecipeExamples.tuning, argument)
    guard case .invalidOverride = error else {
      Issue.record("\(error)")
      return
    }
  }

  @Test func `an empty recipe lacks its first key`() throws {
    for text in ["", "# nothing\n", "\n\n"] {
      let message = try RecipeExamples.error(text).description
      #expect(message.hasPrefix("/project/recipes/a.yaml:1:1: `run` is missing"))
    }
    #expect(try RecipeExamples.error("- run").description.contains("`the recipe` is a list"))
    #expect(try RecipeExamples.error("run").description.contains("`the recipe` is `run`"))
  }
}
