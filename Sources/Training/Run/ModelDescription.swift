internal import Models
internal import PairData
internal import StrictJSON

/// What a checkpoint says of its model besides the parameters: sizes, and how inputs are prepared.
struct ModelDescription: Equatable {
  static let family = "chinese_clip"

  var configuration: DualEncoder.Configuration
  /// Tokens that captions are cut to.
  var contextLength: Int
  var decoding: ImageDecodingOptions
  var normalization: ImagePreparation.Normalization
  /// The selector that commands use when none is given.
  var captions: CaptionSelector

  /// How pictures become pixels, with what training does to them.
  func preparation(augmentation: Augmentation = .none) -> ImagePreparation {
    ImagePreparation(
      size: configuration.image.imageSize, augmentation: augmentation, decoding: decoding,
      normalization: normalization)
  }
}

extension ModelDescription {
  /// The model's sizes as JSON.
  var configurationText: String {
    let updates = configuration.lowRankUpdates.map { [("lora", members(of: $0))] } ?? []
    let sizes: [(String, JSONValue)] = [
      ("family", .text(Self.family)), ("embedding_width", number(configuration.embeddingWidth)),
      ("image", imageTowerSizes),
      ("text", textTowerSizes),
    ]
    return object(sizes + updates)
  }

  /// The sizes of the image tower as JSON.
  var imageTowerSizes: JSONValue { .object(members(of: configuration.image)) }

  /// The sizes of the text tower as JSON.
  var textTowerSizes: JSONValue {
    let text = configuration.text
    return .object([
      member("vocabulary", text.vocabularyCount), member("width", text.width),
      member("depth", text.depth), member("head_width", text.headWidth),
      member("mlp_width", text.mlpWidth), member("maximum_positions", text.positionCount),
      member("token_types", text.tokenTypeCount),
    ])
  }

  private func members(of updates: LowRankUpdates) -> JSONValue {
    .object([
      member("rank", updates.rank), .init(name: "alpha", value: .number("\(updates.alpha)")),
      .init(name: "layers", value: .array(updates.layers.map { .text($0) })),
    ])
  }

  /// A residual network is known by its layers.
  private func members(of image: ImageTower.Configuration) -> [JSONValue.Member] {
    switch image {
    case .visionTransformer(let tower):
      [
        member("size", tower.imageSize), member("patch", tower.patchSize),
        member("width", tower.width), member("depth", tower.depth),
        member("head_width", tower.headWidth),
      ]
    case .modifiedResNet(let tower):
      [
        member("size", tower.imageSize),
        .init(name: "layers", value: .array(tower.layers.map(number))),
        member("width", tower.width), member("head_width", tower.headWidth),
      ]
    }
  }

  /// How inputs are prepared, as JSON.
  var preprocessingText: String {
    object([
      ("context_length", number(contextLength)),
      ("resize_mode", .text("squash")), ("interpolation", .text("bicubic")),
      ("image_mean", .array(normalization.mean.map { .number("\($0)") })),
      ("image_std", .array(normalization.deviation.map { .number("\($0)") })),
      ("alpha", .text(decoding.alpha == .onWhite ? "on_white" : "dropped")),
      ("exif_orientation", .text(decoding.orientation == .applied ? "applied" : "ignored")),
      ("captions", .text(captions.description)),
    ])
  }

  private func object(_ members: [(String, JSONValue)]) -> String {
    JSONValue.object(members.map { .init(name: $0.0, value: $0.1) }).serialized
  }

  private func number(_ value: Int) -> JSONValue { .number("\(value)") }

  private func member(_ name: String, _ value: Int) -> JSONValue.Member {
    .init(name: name, value: number(value))
  }
}

extension ModelDescription {
  /// Reads both texts of a checkpoint; all numbers are checked, so that no later step can trap.
  init(configuration: String, preprocessing: String, file: String) throws(ModelError) {
    let sizes = try JSONFields(configuration, file: file, member: "configuration")
    let inputs = try JSONFields(preprocessing, file: file, member: "preprocessing")
    let family = try sizes.text("family")
    guard family == Self.family else { throw .unknownFamily(file: file, found: family) }
    let (image, text) = (try sizes.object("image"), try sizes.object("text"))
    let imageTower = try image.imageTower()
    let textTower = BERT.Configuration(
      vocabularyCount: try text.size("vocabulary", in: ModelRanges.vocabulary),
      width: try text.size("width", in: ModelRanges.width),
      depth: try text.size("depth", in: ModelRanges.depth),
      headWidth: try text.size("head_width", in: ModelRanges.headWidth),
      mlpWidth: try text.size("mlp_width", in: ModelRanges.mlpWidth),
      positionCount: try text.size("maximum_positions", in: ModelRanges.positions),
      tokenTypeCount: try text.size("token_types", in: ModelRanges.tokenTypes))
    self.configuration = DualEncoder.Configuration(
      image: imageTower, text: textTower,
      embeddingWidth: try sizes.size("embedding_width", in: ModelRanges.width))
    guard imageTower.isConsistent, textTower.width % textTower.headWidth == 0 else {
      throw .damagedDescription(file: file, member: "configuration", problem: "its sizes")
    }
    self.configuration.lowRankUpdates = try sizes.lowRankUpdates(
      layers: DualEncoder(self.configuration).linearLayers)
    contextLength = try inputs.size(
      "context_length", in: ModelRanges.contextLength.lowerBound...textTower.positionCount)
    normalization = .init(
      mean: try inputs.numbers("image_mean"), deviation: try inputs.numbers("image_std"))
    decoding = ImageDecodingOptions(
      alpha: try inputs.text("alpha") == "dropped" ? .dropped : .onWhite,
      orientation: try inputs.text("exif_orientation") == "ignored" ? .ignored : .applied)
    do throws(PairDataError) {
      // How what a recipe leaves out is written; a field of that name cannot be told from it.
      let selector = inputs.textOrEmpty("captions")
      captions =
        selector == CaptionSelector.automatic.description
        ? .automatic : try CaptionSelector(selector)
    } catch {
      throw .damagedDescription(file: file, member: "preprocessing", problem: "\(error)")
    }
  }
}

extension JSONFields {
  /// The image tower that these are the sizes of.
  fileprivate func imageTower() throws(ModelError) -> ImageTower.Configuration {
    let imageSize = try size("size", in: ModelRanges.imageSize)
    let headWidth = try size("head_width", in: ModelRanges.headWidth)
    guard value["layers"] == nil else {
      return .modifiedResNet(
        .init(
          imageSize: imageSize, layers: try sizes("layers", count: 4, in: ModelRanges.depth),
          width: try size("width", in: ModelRanges.stemWidth), headWidth: headWidth))
    }
    return .visionTransformer(
      .init(
        imageSize: imageSize, patchSize: try size("patch", in: ModelRanges.patch),
        width: try size("width", in: ModelRanges.width),
        depth: try size("depth", in: ModelRanges.depth),
        headWidth: headWidth))
  }
}

extension JSONFields {
  /// What linear layers have beside their weights; nothing in most checkpoints.
  ///
  /// - Parameter all: the paths of the model's linear layers.
  fileprivate func lowRankUpdates(layers all: [String]) throws(ModelError) -> LowRankUpdates? {
    guard value["lora"] != nil else { return nil }
    let fields = try object("lora")
    let layers = try fields.texts("layers")
    guard Set(layers).count == layers.count, Set(layers).isSubset(of: all), !layers.isEmpty else {
      throw .damagedDescription(
        file: file, member: member, problem: "`lora.layers` are not linear layers of the model")
    }
    let alpha = try fields.number("alpha")
    guard alpha > 0 else { throw fields.missing("alpha") }
    return LowRankUpdates(
      rank: try fields.size("rank", in: ModelRanges.lowRank), alpha: alpha, layers: layers)
  }
}

extension ImageTower.Configuration {
  /// Whether there is such a tower.
  fileprivate var isConsistent: Bool {
    switch self {
    case .visionTransformer(let tower):
      tower.width % tower.headWidth == 0 && tower.patchSize <= tower.imageSize
    case .modifiedResNet(let tower):
      tower.imageSize % 32 == 0 && tower.width % 2 == 0
        && tower.outputWidth % tower.headWidth == 0
    }
  }
}

/// Typed access to the members of a JSON object in a checkpoint.
private struct JSONFields {
  let value: JSONValue
  let file: String
  let member: String

  init(_ text: String, file: String, member: String) throws(ModelError) {
    do throws(JSONFault) {
      value = try JSONParser.parse(Array(text.utf8))
    } catch {
      throw .damagedDescription(file: file, member: member, problem: "\(error)")
    }
    self.file = file
    self.member = member
  }

  private init(value: JSONValue, file: String, member: String) {
    self.value = value
    self.file = file
    self.member = member
  }

  func object(_ name: String) throws(ModelError) -> JSONFields {
    guard let part = value[name], case .object = part else { throw missing(name) }
    return JSONFields(value: part, file: file, member: member)
  }

  func text(_ name: String) throws(ModelError) -> String {
    guard let text = value[name]?.string else { throw missing(name) }
    return text
  }

  func textOrEmpty(_ name: String) -> String { value[name]?.string ?? "" }

  func size(_ name: String, in range: ClosedRange<Int>) throws(ModelError) -> Int {
    guard let number = value[name]?.integer, range.contains(Int(number)) else {
      throw missing(name)
    }
    return Int(number)
  }

  func sizes(
    _ name: String, count: Int, in range: ClosedRange<Int>
  ) throws(ModelError) -> [Int] {
    guard case .array(let values)? = value[name], values.count == count else {
      throw missing(name)
    }
    var sizes: [Int] = []
    for value in values {
      guard let number = value.integer, range.contains(Int(number)) else { throw missing(name) }
      sizes.append(Int(number))
    }
    return sizes
  }

  func numbers(_ name: String) throws(ModelError) -> [Float] {
    guard case .array(let values)? = value[name], values.count == 3 else { throw missing(name) }
    var numbers: [Float] = []
    for value in values { numbers.append(try number(value, name)) }
    return numbers
  }

  func number(_ name: String) throws(ModelError) -> Float { try number(value[name], name) }

  private func number(_ value: JSONValue?, _ name: String) throws(ModelError) -> Float {
    guard case .number(let digits)? = value, let number = Float(digits), number.isFinite else {
      throw missing(name)
    }
    return number
  }

  func texts(_ name: String) throws(ModelError) -> [String] {
    guard case .array(let values)? = value[name] else { throw missing(name) }
    var texts: [String] = []
    for value in values {
      guard let text = value.string else { throw missing(name) }
      texts.append(text)
    }
    return texts
  }

  func missing(_ name: String) -> ModelError {
    .damagedDescription(file: file, member: member, problem: "`\(name)` is missing or out of range")
  }
}
