internal import Models

/// The sizes of Chinese-CLIP's towers, read from the shapes of their weights: its files hold no
/// configuration.
enum OriginalSizes {
  /// What Chinese-CLIP cuts texts to (`cn_clip/clip/utils.py`).
  static let contextLength = 52

  static func image(
    _ weights: ForeignWeights, headWidth: Int?
  ) throws(ModelError) -> (tower: ImageTower.Configuration, embeddingWidth: Int) {
    guard weights.contains(prefix: "visual.") else {
      throw .importing(
        .missingTower(
          path: weights.path, tower: "image",
          advice: "Use a whole model, or give both towers with `--image` and `--text`."))
    }
    return weights.contains(prefix: "visual.layer1.")
      ? try residual(weights, headWidth: headWidth)
      : try transformer(weights, headWidth: headWidth)
  }

  private static func transformer(
    _ weights: ForeignWeights, headWidth: Int?
  ) throws(ModelError) -> (tower: ImageTower.Configuration, embeddingWidth: Int) {
    let patches = try weights.shape(of: "visual.conv1.weight", rank: 4)
    let projection = try weights.shape(of: "visual.proj", rank: 2)
    let width = patches[0]
    let published: [VisionTransformer.Configuration] =
      DualEncoder.Configuration.publishedImageTowers.compactMap {
        if case .visionTransformer(let tower) = $0.tower { tower } else { nil }
      }
    let tower = VisionTransformer.Configuration(
      imageSize: try side(of: "visual.positional_embedding", weights) * patches[2],
      patchSize: patches[2], width: width,
      depth: try weights.blockCount(after: "visual.transformer.resblocks."),
      headWidth: try checked(
        headWidth ?? published.first { $0.width == width }?.headWidth, of: width, tower: "image",
        option: "--image-head-width", in: weights))
    return (.visionTransformer(tower), projection[1])
  }

  private static func residual(
    _ weights: ForeignWeights, headWidth: Int?
  ) throws(ModelError) -> (tower: ImageTower.Configuration, embeddingWidth: Int) {
    let width = try weights.shape(of: "visual.layer1.0.conv1.weight", rank: 4)[0]
    let projection = try weights.shape(of: "visual.attnpool.c_proj.weight", rank: 2)
    var layers: [Int] = []
    for layer in 1...4 { layers.append(try weights.blockCount(after: "visual.layer\(layer).")) }
    let known = ModifiedResNet.Configuration.rn50
    let tower = ModifiedResNet.Configuration(
      imageSize: try side(of: "visual.attnpool.positional_embedding", weights) * 32,
      layers: layers, width: width,
      headWidth: try checked(
        headWidth ?? (width == known.width ? known.headWidth : nil), of: 32 * width,
        tower: "image", option: "--image-head-width", in: weights))
    return (.modifiedResNet(tower), projection[0])
  }

  /// The side of the square that a tower has positions for, besides one for the whole.
  private static func side(
    of name: String, _ weights: ForeignWeights
  ) throws(ModelError) -> Int {
    let count = try weights.shape(of: name, rank: 2)[0]
    let side = Int(Double(count - 1).squareRoot())
    guard side > 0, side * side == count - 1 else {
      throw .importing(
        .mixedSizes(
          path: weights.path, found: "the image tower has \(count) positions",
          expected: "A square of them and one more"))
    }
    return side
  }

  static func text(
    _ weights: ForeignWeights, headWidth: Int?
  ) throws(ModelError) -> BERT.Configuration {
    guard weights.contains(prefix: "bert.") else {
      throw .importing(
        .missingTower(
          path: weights.path, tower: "text",
          advice: "Use a whole model, or give both towers with `--image` and `--text`."))
    }
    let words = try weights.shape(of: "bert.embeddings.word_embeddings.weight", rank: 2)
    let positions = try weights.shape(of: "bert.embeddings.position_embeddings.weight", rank: 2)
    let types = try weights.shape(of: "bert.embeddings.token_type_embeddings.weight", rank: 2)
    let hidden = try weights.shape(of: "bert.encoder.layer.0.intermediate.dense.weight", rank: 2)
    let published = DualEncoder.Configuration.publishedTextTowers.first {
      $0.tower.width == words[1]
    }
    return BERT.Configuration(
      vocabularyCount: words[0], width: words[1],
      depth: try weights.blockCount(after: "bert.encoder.layer."),
      headWidth: try checked(
        headWidth ?? published?.tower.headWidth, of: words[1], tower: "text",
        option: "--text-head-width", in: weights), mlpWidth: hidden[0],
      positionCount: positions[0], tokenTypeCount: types[0])
  }

  /// The sizes of a whole model.
  static func model(
    _ weights: ForeignWeights, _ request: ImportRequest
  ) throws(ModelError) -> DualEncoder.Configuration {
    guard !weights.contains(prefix: "vision_model."), !weights.contains(prefix: "text_model.")
    else {
      throw .importing(
        .unsupported(
          place: weights.path, found: "weights under the names of transformers",
          advice: "Give the folder that they are in, with its config.json."))
    }
    let image = try image(weights, headWidth: request.imageHeadWidth)
    let text = try text(weights, headWidth: request.textHeadWidth)
    let projection = try weights.shape(of: "text_projection", rank: 2)
    guard projection[1] == image.embeddingWidth else {
      throw .importing(
        .mixedSizes(
          path: weights.path,
          found: "the image tower projects to \(image.embeddingWidth) numbers, the text tower to "
            + "\(projection[1])", expected: "The same width for both"))
    }
    return .init(image: image.tower, text: text, embeddingWidth: image.embeddingWidth)
  }

  private static func checked(
    _ headWidth: Int?, of width: Int, tower: String, option: String, in weights: ForeignWeights
  ) throws(ModelError) -> Int {
    guard let headWidth, headWidth > 0, width % headWidth == 0 else {
      throw .importing(
        .unknownHeads(path: weights.path, tower: tower, width: width, option: option))
    }
    return headWidth
  }
}
