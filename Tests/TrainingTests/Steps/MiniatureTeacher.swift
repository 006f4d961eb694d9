import Autodiff
import CPUDevice
import Models

@testable import Training

/// Another image tower than the miniature's, with wider embeddings, to learn from.
enum MiniatureTeacher {
  static let configuration = DualEncoder.Configuration(
    image: .init(imageSize: 16, patchSize: 8, width: 48, depth: 1, headWidth: 16),
    text: MiniatureModel.configuration.text, embeddingWidth: 24)

  static let distillation = Distillation(weight: 0.7, teacherWidth: 24)

  static func embedder(on device: CPUDevice, imagesPerChunk: Int = 4) throws -> ImageEmbedder {
    try ImageEmbedder(
      DualEncoder(configuration), .features, on: device, parameters: parameters(on: device),
      imagesPerChunk: imagesPerChunk)
  }

  private static func parameters(on device: CPUDevice) -> CPUParameters {
    let parameters = device.makeParameters(
      ParameterLayout(trained: [], locked: DualEncoder(configuration).image.parameters))
    MiniatureModel.setValues(of: parameters, seed: 6)
    return parameters
  }

  /// What its equations make of the pictures, [count, 24], each of unit length.
  static func plainFeatures(of pairs: MiniaturePairs) -> [Double] {
    guard case .visionTransformer(let tower) = configuration.image else { return [] }
    let plain = PlainVisionTransformer(tower, parameters(on: CPUDevice(threadCount: 1)))
    return pairs.pictures.flatMap { plain.embedding($0, patches: Array(0..<4)) }
  }

  /// What it makes of the pictures, [count, 24].
  static func features(of pairs: MiniaturePairs, imagesPerChunk: Int = 4) throws -> [Float] {
    try embedder(on: CPUDevice(threadCount: 1), imagesPerChunk: imagesPerChunk)
      .embed(count: pairs.count, pairs.write)
  }
}
