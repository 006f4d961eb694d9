import PairData
import Testing

@testable import Training

@Suite struct RecipeDecoderTests {
  @Test func `a complete recipe decodes to what it says`() throws {
    let recipe = try RecipeExamples.decode(RecipeExamples.tuning)
    #expect(recipe.run == "muge_lit")
    #expect(recipe.seed == 7)
    #expect(
      recipe.model.source
        == .checkpoint(path: "/project/recipes/../checkpoints/chinese_clip_vit_b16.h5"))
    #expect(recipe.model.rules.rules.count == 3)
    #expect(recipe.model.dropout == 0.1)
    #expect(recipe.data.train == ["/project/recipes/../data/muge/train-*.tar"])
    #expect(recipe.data.validation.count == 2)
    #expect(recipe.data.captions == .text)
    #expect(recipe.data.augmentation == .crop(minimumArea: 0.9, maximumArea: 1))
    #expect(recipe.batch.pairs == 4096)
    #expect(recipe.optimizer.learningRate == 5e-5)
    #expect(recipe.optimizer.schedule == .cosine(warmup: .percent(3), floor: 0))
    #expect(recipe.optimizer.clipGradientNorm == 1)
    #expect(recipe.length == .epochs(3))
    #expect(recipe.validation?.stopAfterWorse == 5)
    #expect(recipe.checkpoints.every == .steps(200))
    #expect(recipe.threads.compute == nil)
    #expect(recipe.memoryBudget.bytes == 4 << 30)
  }

  @Test func `decay, rates, an average and low-rank updates are steered by their keys`() throws {
    let steered = try RecipeExamples.decode(RecipeExamples.steered).optimizer
    #expect(steered.decayExclusions == .chineseCLIP)
    #expect(steered.layerRateDecay == 0.75)
    #expect(steered.averageDecay == 0.999)
    let lora = try #require(try RecipeExamples.decode(RecipeExamples.steered).model.lora)
    #expect(lora.rank == 8 && lora.alpha == 16)
    #expect(lora.layers.map(\.text) == ["text/blocks/*/attention/**"])
    let plain = try RecipeExamples.decode(RecipeExamples.tuning).optimizer
    #expect(plain.decayExclusions == .oneDimensional)
    #expect(plain.layerRateDecay == 1)
    #expect(plain.averageDecay == nil)
  }

  @Test func `a model from nothing has its configuration and defaults`() throws {
    let recipe = try RecipeExamples.decode(RecipeExamples.fresh)
    guard case .fresh(let model) = recipe.model.source else {
      Issue.record("not from nothing")
      return
    }
    #expect(model.image.headWidth == 64)
    #expect(model.text.mlpWidth == 256)
    #expect(model.vocabulary == "/project/recipes/vocab.txt")
    #expect(recipe.validation == nil)
    #expect(recipe.optimizer.schedule == .constant)
    #expect(recipe.data.contextLength == 52)
  }

  @Test func `layers make the image tower a residual network`() throws {
    let recipe = try RecipeExamples.decode(RecipeExamples.residual)
    guard case .fresh(let model) = recipe.model.source else {
      Issue.record("not from nothing")
      return
    }
    #expect(
      model.image
        == .init(size: 96, kind: .residualNetwork(layers: [3, 4, 6, 3]), width: 8, headWidth: 32))
  }

  @Test func `pictures may have another size than the checkpoint's`() throws {
    let recipe = try RecipeExamples.decode(RecipeExamples.resized)
    #expect(
      recipe.model.source
        == .checkpoint(
          path: "/project/recipes/../checkpoints/chinese_clip_vit_b16.h5", imageSize: 336))
  }

  @Test func `masks and a teacher are off unless a recipe has them`() throws {
    let plain = try RecipeExamples.decode(RecipeExamples.fresh)
    #expect(plain.model.imageMaskRatio == 0 && plain.objective.distillation == nil)
    let taught = try RecipeExamples.decode(
      RecipeExamples.fresh, "model.image_mask_ratio=0.9",
      "objective.distillation={teacher: ../teacher.h5}")
    // A Double: what it leaves is rounded down.
    #expect(taught.model.imageMaskRatio == 0.9)
    #expect(
      taught.objective.distillation
        == .init(teacher: "/project/recipes/../teacher.h5", weight: 0.5))
    let again = try RecipeDecoder.decode(text: taught.resolved, file: "elsewhere/b.yaml")
    #expect(again == taught && again.resolved == taught.resolved)
  }

  @Test(arguments: [
    RecipeExamples.tuning, RecipeExamples.fresh, RecipeExamples.residual, RecipeExamples.resized,
    RecipeExamples.steered,
  ])
  func `the resolved text decodes to an equal recipe in any folder`(_ text: String) throws {
    let recipe = try RecipeExamples.decode(text)
    let again = try RecipeDecoder.decode(text: recipe.resolved, file: "elsewhere/b.yaml")
    #expect(again == recipe)
    #expect(again.resolved == recipe.resolved)
  }

  @Test func `an override replaces a value through the same rules`() throws {
    let recipe = try RecipeExamples.decode(
      RecipeExamples.tuning, "optimizer.adamw.learning_rate=1e-4", "batch={pairs: 16}",
      "optimizer.schedule.linear.warmup=10 steps", "data.train=[a.tar, b.tar]")
    #expect(recipe.optimizer.learningRate == 1e-4)
    #expect(recipe.batch.pairs == 16)
    #expect(recipe.optimizer.schedule == .linear(warmup: .steps(10)))
    #expect(recipe.data.train == ["/project/recipes/a.tar", "/project/recipes/b.tar"])
    let error = try RecipeExamples.error(RecipeExamples.tuning, "batch.pears=16")
    #expect(error.description.hasPrefix("--set batch.pears=16: `batch.pears` is not a key"))
    #expect(error.description.contains("`batch.pairs`"))
  }

  /// A key that is missing there could change in the middle of a run without anybody noticing.
  @Test func `every key stands in the resolved recipe that gives it`() throws {
    let recipes = [
      try RecipeExamples.decode(RecipeExamples.steered),
      try RecipeExamples.decode(
        RecipeExamples.fresh, "model.image_from=image.h5",
        "objective.distillation.teacher=teacher.h5",
        "optimizer.schedule={linear: {warmup: 3 steps}}", "data.alpha=on_white",
        "data.exif_orientation=applied", "data.views=2", "data.augmentation=roll(2)",
        #"model.train=["image/**: locked", "**: trained"]"#),
      try RecipeExamples.decode(
        RecipeExamples.residual, "optimizer.schedule={linear: {warmup: 3 steps}}"),
    ]
    let missing = RecipeSchema.keys.map(\.path).filter { path in
      recipes.allSatisfy { $0.resolvedValue(path) == nil }
    }
    #expect(missing == ["optimizer.schedule"])
    let constant = try RecipeExamples.decode(RecipeExamples.fresh, "optimizer.schedule=constant")
    #expect(constant.resolvedValue("optimizer.schedule") == "constant")
  }
}
