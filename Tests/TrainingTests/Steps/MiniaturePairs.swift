import Autodiff
import Models
import TestSupport

@testable import Training

/// A dual encoder of the usual structure, small enough for debug builds.
enum MiniatureModel {
  static let configuration = DualEncoder.Configuration(
    image: .init(imageSize: 16, patchSize: 4, width: 32, depth: 2, headWidth: 16),
    text: .init(
      vocabularyCount: 60, width: 32, depth: 2, headWidth: 8, mlpWidth: 64, positionCount: 16),
    embeddingWidth: 16)

  static let contextLength = 16

  /// Start values that leave no parameter at zero and no direction unused.
  static func setValues(of parameters: some ParameterStorage, seed: UInt64 = 1) {
    for entry in parameters.layout.entries {
      let parameter = entry.parameter
      var generator = SeededGenerator(seed: seed, label: parameter.path)
      let noise = generator.floats(parameter.elementCount, in: -0.3...0.3)
      let center: Float =
        switch parameter.initializer {
        case .ones: 1
        case .constant(let value): value
        default: 0
        }
      parameters.setValues(noise.map { center + $0 }, of: parameter.path)
    }
  }
}

/// Synthetic pictures and captions: each pair has a topic that shows in both.
struct MiniaturePairs {
  /// [count, 3, 16, 16].
  var pictures: [[Float]] = []
  var captions: [[Int32]] = []
  var imageGroups: [Int32] = []
  var textGroups: [Int32] = []

  var count: Int { captions.count }

  /// - Parameter topicCount: how many kinds of pairs there are, 16 at most.
  init(count: Int, seed: UInt64 = 3, topicCount: Int = 8) {
    for pair in 0..<count {
      var generator = SeededGenerator(seed: seed, label: "pair \(pair)")
      let topic = Int.random(in: 0..<topicCount, using: &generator)
      var pattern = SeededGenerator(seed: 5, label: "topic \(topic)")
      let strokes = pattern.floats(MiniatureModel.configuration.image.pixelCount)
      let noise = generator.floats(strokes.count, in: -0.5...0.5)
      pictures.append(zip(strokes, noise).map { $0 + $1 })
      // First and last token, the topic's own word, and up to thirteen others.
      let others = Int.random(in: 0...13, using: &generator)
      let words = (0..<others).map { _ in Int32.random(in: 20..<60, using: &generator) }
      captions.append([1, Int32(3 + topic)] + words + [2])
      imageGroups.append(Int32(pair))
      textGroups.append(Int32(1_000 + pair))
    }
  }

  subscript(order: [Int]) -> MiniaturePairs {
    var copy = self
    copy.pictures = order.map { pictures[$0] }
    copy.captions = order.map { captions[$0] }
    copy.imageGroups = order.map { imageGroups[$0] }
    copy.textGroups = order.map { textGroups[$0] }
    return copy
  }

  /// Writes pixels as a loader does.
  func write(_ range: Range<Int>, into target: UnsafeMutableBufferPointer<Float>) {
    let pixels = range.flatMap { pictures[$0] }
    precondition(target.count == pixels.count, "\(target.count) places for \(pixels.count) pixels.")
    _ = target.update(from: pixels)
  }

  var offsets: [Int32] {
    captions.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int32($1.count)) }
  }

  /// - Parameters:
  ///   - embeddings: of the pictures, where they are given instead of pixels.
  ///   - teacherFeatures: of the pictures, where the step need not compute them.
  func batch(
    embeddings: [Float]? = nil, teacherFeatures: [Float]? = nil
  ) -> ContrastiveBatch {
    ContrastiveBatch(
      count: count,
      images: embeddings.map { .embeddings($0) } ?? .pixels { write($0, into: $1) },
      teacherFeatures: teacherFeatures,
      ids: captions.flatMap { $0 }, offsets: offsets, imageGroups: imageGroups,
      textGroups: textGroups)
  }
}
