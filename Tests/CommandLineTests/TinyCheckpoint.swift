import Autodiff
import CPUDevice
import Checkpoints
import FileTestSupport
import Foundation
import Models
import PairData
import Tokenizers

@testable import Training

/// A checkpoint of a small model with drawn parameters, made by the library.
enum TinyCheckpoint {
  static let width = 24
  static let contextLength = 16

  static let visionTransformer = ImageTower.Configuration.visionTransformer(
    .init(imageSize: 16, patchSize: 8, width: 32, depth: 1, headWidth: 16))
  static let residual = ImageTower.Configuration.modifiedResNet(
    .init(imageSize: 32, layers: [1, 1, 1, 1], width: 4, headWidth: 32))

  /// The bytes of the checkpoint that most tests use, made once.
  private static let bytes = Result {
    let folder = try TemporaryFolder()
    try make("\(folder.path)/tiny.h5", seed: 7) { _ in }
    return try folder.bytes(of: "tiny.h5")
  }

  /// - Returns: its path.
  @discardableResult
  static func write(to folder: TemporaryFolder) throws -> String {
    try folder.write(try bytes.get(), to: "tiny.h5")
  }

  /// The checkpoint, and `recipe.yaml`, which trains all of it as the run `x`.
  static func write(withRecipeTo folder: TemporaryFolder, pairs: Int, steps: Int) throws {
    try write(to: folder)
    try folder.write(
      """
      run: x
      model: { from: tiny.h5, train: ["**: trained"] }
      data: { train: "\(RepositoryFiles.validation)", captions: zh, context_length: 16 }
      objective: { info_nce: { logit_scale_maximum: 100, repeated_pairs: masked } }
      batch: { pairs: \(pairs), tokens_per_chunk: 512, images_per_chunk: 8 }
      optimizer: { adamw: { learning_rate: 1e-3, weight_decay: 0 }, schedule: constant }
      length: \(steps) steps
      checkpoints: { every: \(steps) steps, keep: 1 }

      """, to: "recipe.yaml")
  }

  /// A checkpoint of its own.
  ///
  /// - Parameters:
  ///   - seed: other seeds are other models.
  ///   - image: the image tower.
  ///   - positionCount: of the text tower.
  ///   - isAveraged: whether its parameters are averages, with weights behind them.
  ///   - edit: changes what the checkpoint says of itself.
  @discardableResult
  static func write(
    to folder: TemporaryFolder, name: String, seed: UInt64 = 7,
    image: ImageTower.Configuration = visionTransformer, positionCount: Int = 32,
    isAveraged: Bool = false, edit: (inout CheckpointDocument) -> Void = { _ in }
  ) throws -> String {
    let path = "\(folder.path)/\(name)"
    try make(
      path, seed: seed, image: image, positionCount: positionCount, isAveraged: isAveraged, edit)
    return path
  }

  private static func make(
    _ path: String, seed: UInt64, image: ImageTower.Configuration = visionTransformer,
    positionCount: Int = 32, isAveraged: Bool = false,
    _ edit: (inout CheckpointDocument) -> Void
  ) throws {
    let tokenizer = try Tokenizer(
      vocabularyBytes: Array(try Data(contentsOf: URL(filePath: RepositoryFiles.vocabulary))))
    let description = ModelDescription(
      configuration: .init(
        image: image,
        text: .init(
          vocabularyCount: 21_128, width: 32, depth: 1, headWidth: 16,
          positionCount: positionCount),
        embeddingWidth: width), contextLength: contextLength,
      decoding: ImageDecodingOptions(), normalization: .clip,
      captions: try CaptionSelector("zh:first"))
    let loaded = try LoadedModel(
      description, tokenizer: tokenizer, device: CPUDevice(threadCount: 1))
    loaded.parameters.initialize(seed: seed)
    var document = CheckpointDocument(
      family: ModelDescription.family, configuration: description.configurationText,
      vocabulary: tokenizer.vocabularyBytes, preprocessing: description.preprocessingText,
      recipe: "", toolVersion: ToolVersion.current, run: nil)
    edit(&document)
    let tensors = loaded.parameters.layout.entries.map { entry in
      CheckpointTensor(
        path: entry.parameter.path, sizes: entry.parameter.sizes,
        values: UnsafeBufferPointer(loaded.parameters.storage(of: entry.parameter.path)))
    }
    try CheckpointWriter.write(
      to: path, document: document, parameters: tensors, weights: isAveraged ? tensors : [])
  }
}
