internal import DurableFiles
internal import Models
internal import StrictJSON

extension ModelImport {
  /// The two towers that Chinese-CLIP started from: images from CLIP, its projection and logit
  /// scale included, texts from a Chinese BERT, and a new projection of texts (Yang et al. 2022,
  /// arXiv:2211.01335, section 3.1).
  init(image imagePath: String, text textPath: String, _ request: ImportRequest) throws(ModelError)
  {
    let imageWeights = try ForeignWeights(imagePath)
    let textWeights = try ForeignWeights(textPath, rename: Self.bertName)
    let isFolder = Folder.exists(textPath)
    let headWidth = try isFolder ? Self.headWidth(of: textPath, textWeights) : nil
    let image = try OriginalSizes.image(imageWeights, headWidth: request.imageHeadWidth)
    let configuration = DualEncoder.Configuration(
      image: image.tower,
      text: try OriginalSizes.text(textWeights, headWidth: request.textHeadWidth ?? headWidth),
      embeddingWidth: image.embeddingWidth)
    let entries = ChineseCLIP.entries(for: configuration)
    try self.init(
      Self.description(configuration), request,
      vocabularyFolder: isFolder ? textPath : Folder.parent(of: textPath),
      parts: [
        .init(
          weights: imageWeights,
          entries: entries.filter { $0.key.hasPrefix("visual.") || $0.key == "logit_scale" },
          harmless: .clip),
        .init(
          weights: textWeights, entries: entries.filter { $0.key.hasPrefix("bert.") },
          harmless: .bert),
      ],
      drawn: Set(entries.filter { $0.key == "text_projection" }.map(\.path)))
  }

  /// The name that Chinese-CLIP has for a tensor of a BERT: some files leave out the model's own
  /// name, and old ones call a norm's weights as the paper does.
  static func bertName(_ name: String) -> String {
    var result = name
    if ["embeddings.", "encoder.", "pooler."].contains(where: name.hasPrefix) {
      result = "bert.\(name)"
    }
    for (old, new) in [("gamma", "weight"), ("beta", "bias")]
    where result.hasSuffix("LayerNorm.\(old)") {
      result = result.dropLast(old.count) + new
    }
    return result
  }

  /// How wide a head is by the folder's configuration; nothing where it has none.
  private static func headWidth(
    of folder: String, _ weights: ForeignWeights
  ) throws(ModelError) -> Int? {
    guard let file = try JSONFile.read("\(folder)/config.json") else { return nil }
    let type = try file.text("model_type", or: "bert")
    guard type == "bert" else {
      throw .importing(
        .unsupported(
          place: file.path, found: "a model of type `\(type)`",
          advice: "Give a folder of a Chinese BERT, such as RoBERTa-wwm-ext, of type `bert`."))
    }
    guard try file.text("hidden_act", or: "gelu") == "gelu" else {
      throw .importing(
        .unsupported(
          place: file.path, found: "another `hidden_act` than gelu",
          advice: "Chinese-CLIP's text towers use gelu. Give such a folder."))
    }
    let width = try file.size("hidden_size", or: 768)
    let headCount = try file.size("num_attention_heads", or: 12)
    guard width % headCount == 0 else {
      throw file.wrong("num_attention_heads", "\(headCount), which does not divide \(width)")
    }
    return width / headCount
  }
}
