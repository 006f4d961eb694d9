internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import Models
internal import PairData
internal import Tokenizers

/// Where a recipe's model comes from: a checkpoint, or a configuration and a vocabulary.
struct ModelSource {
  let description: ModelDescription
  let tokenizer: Tokenizer
  private let whole: CheckpointParameters?
  /// Whether `whole` has positions for pictures of another size.
  private let resizesPositions: Bool
  private let imageTower: CheckpointParameters?
  /// Whether values come later, with all else that the run's checkpoint has.
  private let isResumed: Bool

  /// - Parameters:
  ///   - resumed: a checkpoint of the run itself, which has all that the recipe names.
  ///   - prober: see ``UserCheckpoint``.
  init(
    _ recipe: Recipe, resuming resumed: CheckpointReader? = nil, prober: String? = nil
  ) throws(ModelError) {
    if let resumed {
      try self.init(recipe, resumed: resumed)
      return
    }
    switch recipe.model.source {
    case .checkpoint(let path, let imageSize):
      try self.init(
        recipe, whole: try UserCheckpoint.verified(path, prober: prober), imageSize: imageSize)
    case .fresh(let fresh):
      try self.init(recipe, fresh: fresh, prober: prober)
    }
  }

  private init(
    _ recipe: Recipe, fresh: Recipe.Fresh, prober: String?
  ) throws(ModelError) {
    try Self.check(recipe, positions: fresh.text.maximumPositions)
    tokenizer = try Self.vocabulary(fresh.vocabulary)
    var configuration = Self.configuration(fresh, vocabularyCount: tokenizer.vocabularyCount)
    configuration.lowRankUpdates = try Self.lowRankUpdates(recipe, of: configuration)
    description = ModelDescription(
      configuration: configuration,
      contextLength: recipe.data.contextLength,
      decoding: Self.decoding(recipe, or: .init(alpha: .onWhite, orientation: .applied)),
      normalization: .clip, captions: recipe.data.validationCaptions)
    whole = nil
    (resizesPositions, isResumed) = (false, false)
    imageTower = try fresh.imageFrom.map { path throws(ModelError) in
      try CheckpointParameters(merging: try UserCheckpoint.verified(path, prober: prober))
    }
  }

  /// - Parameter reader: a checkpoint of the run itself, low-rank updates and all.
  private init(_ recipe: Recipe, resumed reader: CheckpointReader) throws(ModelError) {
    let whole = try CheckpointParameters(asStored: reader)
    description = Self.adapted(whole.description, to: recipe)
    tokenizer = try whole.tokenizer()
    (self.whole, imageTower) = (whole, nil)
    (resizesPositions, isResumed) = (false, true)
  }

  /// - Parameter imageSize: of the pictures, where it is not what the checkpoint has.
  private init(
    _ recipe: Recipe, whole reader: CheckpointReader, imageSize: Int?
  ) throws(ModelError) {
    let whole = try CheckpointParameters(merging: reader)
    var description = whole.description
    try Self.check(recipe, positions: description.configuration.text.positionCount)
    resizesPositions = imageSize != nil && imageSize != description.configuration.image.imageSize
    if let imageSize, resizesPositions {
      description.configuration.image = try description.configuration.image.resized(
        to: imageSize, file: reader.path)
    }
    description.configuration.lowRankUpdates = try Self.lowRankUpdates(
      recipe, of: description.configuration)
    self.description = Self.adapted(description, to: recipe)
    tokenizer = try whole.tokenizer()
    (self.whole, imageTower, isResumed) = (whole, nil, false)
  }

  /// A checkpoint's model with inputs prepared as the recipe says.
  private static func adapted(
    _ description: ModelDescription, to recipe: Recipe
  ) -> ModelDescription {
    var description = description
    description.contextLength = recipe.data.contextLength
    description.decoding = decoding(recipe, or: description.decoding)
    description.captions = recipe.data.validationCaptions
    return description
  }

  /// What the recipe adds to layers of a model that has nothing added yet.
  private static func lowRankUpdates(
    _ recipe: Recipe, of configuration: DualEncoder.Configuration
  ) throws(ModelError) -> LowRankUpdates? {
    let model = DualEncoder(configuration)
    let updates: LowRankUpdates?
    do throws(RecipeError) {
      updates = try recipe.model.lora?.updates(of: model)
    } catch {
      throw .recipe(error)
    }
    guard let updates else { return nil }
    for parameter in model.parameters {
      guard let layer = updates.layer(ofWeight: parameter.path),
        let smaller = parameter.sizes.min(), updates.rank >= smaller
      else { continue }
      throw .mismatch(
        found: "`model.lora.rank` is \(updates.rank), and the weight of \(layer) has "
          + parameter.sizes.map(String.init).joined(separator: " x ") + " numbers",
        expected: "A rank below \(smaller) was expected; that one is any change of the weight",
        advice: "Lower the rank, or train the weight itself.")
    }
    return updates
  }

  /// Fills all parameters: drawn from the seed, then read where a checkpoint has them. A run that
  /// goes on has none to begin with; see ``ResumePoint/restore(_:_:average:)``.
  func giveStartValues(to loaded: LoadedModel, seed: UInt64) throws(ModelError) {
    if isResumed { return }
    if let whole {
      for parameter in loaded.model.parameters where !whole.brings(parameter) {
        loaded.parameters.initialize(parameter.path, seed: seed)
      }
      try loaded.readParameters(from: whole, resizingPositions: resizesPositions)
      return
    }
    loaded.parameters.initialize(seed: seed)
    if let imageTower {
      try loaded.read(
        loaded.model.image.parameters.filter(imageTower.brings), from: imageTower)
    }
  }

  private static func vocabulary(_ path: String) throws(ModelError) -> Tokenizer {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileContents.read(path, limit: 64 << 20)
    } catch {
      throw .file(error)
    }
    return try LoadedModel.tokenizer(bytes, path: path, expected: nil)
  }

  private static func check(_ recipe: Recipe, positions: Int) throws(ModelError) {
    guard recipe.data.contextLength <= positions else {
      throw .mismatch(
        found: "`data.context_length` is \(recipe.data.contextLength)",
        expected: "The text tower has positions for \(positions) tokens",
        advice: "Use a context length up to that.")
    }
  }

  /// - Parameter base: what holds where the recipe says nothing.
  private static func decoding(
    _ recipe: Recipe, or base: ImageDecodingOptions
  ) -> ImageDecodingOptions {
    ImageDecodingOptions(
      alpha: recipe.data.alpha ?? base.alpha,
      orientation: recipe.data.orientation ?? base.orientation)
  }

  static func configuration(
    _ fresh: Recipe.Fresh, vocabularyCount: Int
  ) -> DualEncoder.Configuration {
    DualEncoder.Configuration(
      image: fresh.image.configuration,
      text: .init(
        vocabularyCount: vocabularyCount, width: fresh.text.width, depth: fresh.text.depth,
        headWidth: fresh.text.headWidth, mlpWidth: fresh.text.mlpWidth,
        positionCount: fresh.text.maximumPositions),
      embeddingWidth: fresh.embeddingWidth)
  }
}

extension Recipe.ImageTower {
  fileprivate var configuration: ImageTower.Configuration {
    switch kind {
    case .visionTransformer(let patch, let depth):
      .visionTransformer(
        .init(
          imageSize: size, patchSize: patch, width: width, depth: depth, headWidth: headWidth))
    case .residualNetwork(let layers):
      .modifiedResNet(.init(imageSize: size, layers: layers, width: width, headWidth: headWidth))
    }
  }
}

extension ImageTower.Configuration {
  /// The same tower for pictures of another size.
  ///
  /// - Throws: ``ModelError/mismatch(found:expected:advice:)`` where there is no such tower.
  fileprivate func resized(to size: Int, file: String) throws(ModelError) -> Self {
    let key = "`model.configuration.image.size`"
    guard case .visionTransformer(var tower) = self else {
      throw .mismatch(
        found: "\(key) is \(size), the residual network of \(file) takes \(imageSize) pixels",
        expected: "Only a vision transformer's positions can be resized",
        advice: "Leave the size out.")
    }
    guard size % tower.patchSize == 0 else {
      throw .mismatch(
        found: "\(key) is \(size), the patches of \(file) have \(tower.patchSize) pixels a side",
        expected: "A multiple of that was expected", advice: "Change the size.")
    }
    tower.imageSize = size
    return .visionTransformer(tower)
  }
}
