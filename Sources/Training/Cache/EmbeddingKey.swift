internal import CPUDevice
internal import DurableFiles
internal import Models
internal import PairData
internal import StrictJSON
internal import Tokenizers

/// Everything that an embedding depends on besides the picture itself.
///
/// Two equal keys make equal embeddings, bit for bit, by one version of the program; what
/// differs in anything here is another cache file.
struct EmbeddingKey: Equatable {
  /// A JSON object; its bytes are the key.
  let text: String

  init(text: String) { self.text = text }

  /// The SHA-256 of the text.
  var digest: [UInt8] { SHA256.digest(Array(text.utf8)) }

  /// What stands in names of files: the first 16 digits.
  var name: String { String(SHA256.hexadecimal(digest).prefix(16)) }

  /// What a picture's embedding depends on.
  ///
  /// - Parameters:
  ///   - loaded: the model whose image tower encodes.
  ///   - weights: the tower's.
  ///   - imagesPerChunk: of its embedder: how many rows are computed at once may change their
  ///     last bits.
  ///   - preparation: of the pictures, which need not be the tower's own: a teacher sees its
  ///     student's.
  ///   - view: which of the augmented views it is; nothing for pictures as they are.
  init(
    _ loaded: LoadedModel, weights: TowerDigest, _ output: ImageEmbedder.Output,
    imagesPerChunk: Int = EmbeddingBlock.rowLimit, preparation: ImagePreparation, view: Int? = nil
  ) {
    var members: [(String, JSONValue)] = [
      ("content", .text("pictures")),
      ("output", .text(output == .features ? "features" : "unit_vectors")),
      ("computed_at_once", .number("\(min(imagesPerChunk, EmbeddingBlock.rowLimit))")),
    ]
    members += Self.members(
      of: loaded, weights, prefix: "image/", sizes: loaded.description.imageTowerSizes)
    members += Self.members(of: preparation)
    if let view { members.append(("view", .number("\(view)"))) }
    self.init(members)
  }

  /// What a caption's embedding depends on, and which captions these are.
  init(captionsOf loaded: LoadedModel, _ selector: CaptionSelector) {
    let vocabulary = SHA256.hexadecimal(SHA256.digest(loaded.tokenizer.vocabularyBytes))
    var members: [(String, JSONValue)] = [
      ("content", .text("captions")), ("output", .text("unit_vectors")),
    ]
    members += Self.members(
      of: loaded, TowerDigest(textOf: loaded), prefix: "text/",
      sizes: loaded.description.textTowerSizes)
    members += [
      ("vocabulary_sha256", .text(vocabulary)),
      ("context_length", .number("\(loaded.description.contextLength)")),
      ("captions", .text(selector.description)),
    ]
    self.init(members)
  }

  private init(_ members: [(String, JSONValue)]) {
    self.init(text: JSONValue.object(members.map { .init(name: $0.0, value: $0.1) }).serialized)
  }

  /// - Parameter prefix: of the tower's parameters.
  private static func members(
    of loaded: LoadedModel, _ weights: TowerDigest, prefix: String, sizes: JSONValue
  ) -> [(String, JSONValue)] {
    let configuration = loaded.model.configuration
    var members: [(String, JSONValue)] = [
      ("tower_sha256", .text(weights.hexadecimal)), ("tower", sizes),
      ("width", .number("\(configuration.embeddingWidth)")),
      ("precision", .text(loaded.device.products.rawValue)),
      // Each adds in another order, or rounds where another fuses.
      ("instructions", .text(InstructionSet.current.rawValue)),
      ("library", .text(CPUDevice.openBLASName)),
    ]
    // Where they are parameters of their own still, their factor is in no weight.
    guard let updates = configuration.lowRankUpdates else { return members }
    let layers = updates.layers.filter { $0.hasPrefix(prefix) }
    if !layers.isEmpty {
      members += [
        ("lora_alpha", .number("\(updates.alpha)")), ("lora_rank", .number("\(updates.rank)")),
        ("lora_layers", .array(layers.map { .text($0) })),
      ]
    }
    return members
  }

  private static func members(of preparation: ImagePreparation) -> [(String, JSONValue)] {
    let options = preparation.decoder.options
    let numbers = { (values: [Float]) in JSONValue.array(values.map { .number("\($0)") }) }
    return [
      ("image_size", .number("\(preparation.size)")),
      ("image_mean", numbers(preparation.normalization.mean)),
      ("image_std", numbers(preparation.normalization.deviation)),
      ("resize_mode", .text("squash")), ("interpolation", .text("bicubic")),
      ("alpha", .text(options.alpha == .onWhite ? "on_white" : "dropped")),
      ("exif_orientation", .text(options.orientation == .applied ? "applied" : "ignored")),
      ("maximum_pixels", .number("\(options.maximumPixels)")),
      ("augmentation", .text(preparation.augmentation.recipeText)),
    ]
  }
}
