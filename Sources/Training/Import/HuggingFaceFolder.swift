internal import DurableFiles
internal import Models
internal import PairData
internal import StrictJSON

/// A folder of Hugging Face's `ChineseCLIPModel`: what its JSON files say.
///
/// Files that were saved by some versions of the library leave out what equals its defaults, so
/// these are part of the format. What only another preparation of inputs could obey is refused
/// where it changes numbers, or noted.
struct HuggingFaceFolder {
  let path: String
  let configuration: DualEncoder.Configuration
  let normalization: ImagePreparation.Normalization
  let contextLength: Int
  private(set) var notes: [String] = []

  init(_ path: String) throws(ModelError) {
    self.path = path
    guard let file = try JSONFile.read("\(path)/config.json") else {
      throw .importing(
        .missingFile(path: "\(path)/config.json", use: "The configuration of a ChineseCLIPModel"))
    }
    let type = try file.text("model_type", or: "no type")
    guard type == "chinese_clip" else {
      throw .importing(.otherArchitecture(path: "\(path)/config.json", found: type))
    }
    configuration = try Self.configuration(file)
    normalization = try Self.normalization(
      path, imageSize: configuration.image.imageSize, notes: &notes)
    contextLength = try Self.contextLength(
      path, positionCount: configuration.text.positionCount)
  }

  /// As transformers' processor reads pictures: transparency over white, the camera's orientation
  /// not looked at.
  static let decoding = ImageDecodingOptions(alpha: .onWhite, orientation: .ignored)

  // MARK: Sizes

  private static func configuration(
    _ file: JSONFile
  ) throws(ModelError) -> DualEncoder.Configuration {
    // Of old files: these override the plain ones.
    let image = file.object("vision_config_dict", "vision_config")
    let text = file.object("text_config_dict", "text_config")
    try require(image, "hidden_act", "quick_gelu", or: "quick_gelu")
    try require(text, "hidden_act", "gelu", or: "gelu")
    try require(text, "position_embedding_type", "absolute", or: "absolute")
    try require(image, epsilon: 1e-5)
    try require(text, epsilon: 1e-12)
    let imageWidth = try image.size("hidden_size", or: 768)
    let textWidth = try text.size("hidden_size", or: 768)
    let mlpWidth = try image.size("intermediate_size", or: 3_072)
    guard mlpWidth == 4 * imageWidth else {
      throw unsupported(image, "intermediate_size", "\(mlpWidth)", "\(4 * imageWidth)")
    }
    return DualEncoder.Configuration(
      image: VisionTransformer.Configuration(
        imageSize: try image.size("image_size", or: 224),
        patchSize: try image.size("patch_size", or: 32), width: imageWidth,
        depth: try image.size("num_hidden_layers", or: 12, limit: 256),
        headWidth: try headWidth(image, width: imageWidth)),
      text: .init(
        vocabularyCount: try text.size("vocab_size", or: 30_522), width: textWidth,
        depth: try text.size("num_hidden_layers", or: 12, limit: 256),
        headWidth: try headWidth(text, width: textWidth),
        mlpWidth: try text.size("intermediate_size", or: 3_072),
        positionCount: try text.size("max_position_embeddings", or: 512),
        tokenTypeCount: try text.size("type_vocab_size", or: 2)),
      embeddingWidth: try file.size("projection_dim", or: 512))
  }

  private static func headWidth(_ file: JSONFile, width: Int) throws(ModelError) -> Int {
    let headCount = try file.size("num_attention_heads", or: 12)
    guard width % headCount == 0 else {
      throw file.wrong("num_attention_heads", "\(headCount), which does not divide \(width)")
    }
    return width / headCount
  }

  private static func require(
    _ file: JSONFile, _ member: String, _ expected: String, or fallback: String
  ) throws(ModelError) {
    let found = try file.text(member, or: fallback)
    guard found == expected else { throw unsupported(file, member, found, expected) }
  }

  private static func require(_ file: JSONFile, epsilon: Double) throws(ModelError) {
    let found = try file.number("layer_norm_eps", or: epsilon)
    guard abs(found - epsilon) <= 1e-3 * epsilon else {
      throw unsupported(file, "layer_norm_eps", "\(found)", "\(epsilon)")
    }
  }

  private static func unsupported(
    _ file: JSONFile, _ member: String, _ found: String, _ expected: String
  ) -> ModelError {
    .importing(
      .unsupported(
        place: file.path, found: "`\(member)` \(found)",
        advice: "Chinese-CLIP's \(expected) was expected. Use a model of that kind."))
  }

  // MARK: Inputs

  private static func normalization(
    _ path: String, imageSize: Int, notes: inout [String]
  ) throws(ModelError) -> ImagePreparation.Normalization {
    let clip = ImagePreparation.Normalization.clip
    var file = try JSONFile.read("\(path)/processor_config.json")?.object("image_processor")
    if file?.isEmpty ?? true { file = try JSONFile.read("\(path)/preprocessor_config.json") }
    guard let file else {
      notes.append(
        "no preprocessor_config.json: pictures are prepared as for Chinese-CLIP's own models")
      return clip
    }
    for (member, expected) in [("do_resize", true), ("do_rescale", true), ("do_normalize", true)] {
      guard try file.flag(member, or: expected) == expected else {
        throw unsupported(file, member, "false", "true")
      }
    }
    guard try file.size("resample", or: 3) == 3 else {
      throw unsupported(file, "resample", "other than 3", "3, bicubic")
    }
    let size = file.object("size")
    let sides = (
      try size.size("height", or: imageSize), try size.size("width", or: imageSize)
    )
    guard sides == (imageSize, imageSize) else {
      throw .importing(
        .mixedSizes(
          path: file.path, found: "pictures are made \(sides.0) by \(sides.1) pixels large",
          expected: "The image tower's \(imageSize)"))
    }
    let isCut = size["shortest_edge"] != nil || file["size"]?.integer != nil
    if try file.flag("do_center_crop", or: false) || isCut {
      notes.append(
        "\(file.path) asks for cut pictures; they are squeezed to a square instead, as "
          + "Chinese-CLIP was trained")
    }
    let deviation = try file.colours("image_std", or: clip.deviation)
    guard deviation.allSatisfy({ $0 > 0 }) else {
      throw file.wrong("image_std", "not above zero")
    }
    return .init(mean: try file.colours("image_mean", or: clip.mean), deviation: deviation)
  }

  private static func contextLength(
    _ path: String, positionCount: Int
  ) throws(ModelError) -> Int {
    let usual = min(OriginalSizes.contextLength, positionCount)
    guard let file = try JSONFile.read("\(path)/tokenizer_config.json") else { return usual }
    guard try file.flag("do_lower_case", or: true) else {
      throw unsupported(file, "do_lower_case", "false", "true")
    }
    // BERT's files name the number of positions, whatever a model was made for, or 1e30.
    guard let limit = file["model_max_length"]?.integer, (2..<Int64(positionCount)).contains(limit)
    else { return usual }
    return Int(limit)
  }
}
