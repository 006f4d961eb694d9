import Foundation
import Models

/// A tiny model of the upstream library and what it does, as `make_parity_fixtures.py` and
/// `make_residual_fixture.py` wrote it.
struct ParityFixture {
  struct Description: Decodable {
    struct Model: Decodable {
      struct Image: Decodable {
        let size: Int
        let width: Int
        let heads: Int
        /// Of a vision transformer.
        let patch: Int?
        let depth: Int?
        /// Of a residual tower.
        let layers: [Int]?
      }

      struct Text: Decodable {
        let vocabulary: Int
        let width: Int
        let depth: Int
        let heads: Int
        let mlp: Int
        let positions: Int
        let types: Int
      }

      let image: Image
      let text: Text
      let embedding: Int
    }

    struct Optimizer: Decodable {
      let betas: [Float]
      let epsilon: Float
      let decay: Float
      /// The learning rate of each step.
      let rates: [Float]
    }

    struct Tensor: Decodable {
      let name: String
      let type: String
      let sizes: [Int]
      /// In elements of four bytes.
      let offset: Int
    }

    let model: Model
    let pairs: Int
    let batches: Int
    let optimizer: Optimizer
    let losses: [Float]
    let lockedLosses: [Float]
    /// Of a residual tower that sees a few pictures at a time.
    let chunkedLosses: [Float]?
    let tensors: [Tensor]
  }

  /// Why a fixture cannot be used.
  struct Unreadable: Error {
    let reason: String
  }

  static let names = ["even", "odd"]
  static let residual = "residual"

  let description: Description
  private let bytes: Data
  private let tensors: [String: Description.Tensor]

  init(_ name: String) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Fixtures/parity").standardizedFileURL
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    description = try decoder.decode(
      Description.self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
    bytes = try Data(contentsOf: folder.appending(path: "\(name).bin"))
    tensors = Dictionary(uniqueKeysWithValues: description.tensors.map { ($0.name, $0) })
  }

  var configuration: DualEncoder.Configuration {
    let (image, text) = (description.model.image, description.model.text)
    return DualEncoder.Configuration(
      image: image.configuration,
      text: .init(
        vocabularyCount: text.vocabulary, width: text.width, depth: text.depth,
        headWidth: text.width / text.heads, mlpWidth: text.mlp, positionCount: text.positions,
        tokenTypeCount: text.types),
      embeddingWidth: description.model.embedding)
  }

  /// The library's names of all parameters.
  var keys: [String] {
    description.tensors.map(\.name).filter { $0.hasPrefix("weights/") }
      .map { String($0.dropFirst("weights/".count)) }
  }

  func floats(_ name: String) throws -> [Float] {
    try words(name, type: "float32").map { Float(bitPattern: $0) }
  }

  func integers(_ name: String) throws -> [Int32] {
    try words(name, type: "int32").map { Int32(bitPattern: $0) }
  }

  private func words(_ name: String, type: String) throws -> [UInt32] {
    guard let tensor = tensors[name], tensor.type == type else {
      throw Unreadable(reason: "The fixture has no \(type) tensor \(name).")
    }
    let count = tensor.sizes.reduce(1, *)
    guard (tensor.offset + count) * 4 <= bytes.count else {
      throw Unreadable(reason: "The fixture ends before \(name) does.")
    }
    return bytes.withUnsafeBytes { bytes in
      (0..<count).map { index in
        let word = bytes.loadUnaligned(
          fromByteOffset: (tensor.offset + index) * 4, as: UInt32.self)
        return UInt32(littleEndian: word)
      }
    }
  }
}

extension ParityFixture.Description.Model.Image {
  fileprivate var configuration: ImageTower.Configuration {
    if let layers {
      return .modifiedResNet(
        .init(imageSize: size, layers: layers, width: width, headWidth: 32 * width / heads))
    }
    return .visionTransformer(
      .init(
        imageSize: size, patchSize: patch ?? 0, width: width, depth: depth ?? 0,
        headWidth: width / heads))
  }
}
