import CPUDevice
import Foundation
import Testing
import WeightFiles

@testable import Checkpoints
@testable import Training

/// The files of `Tests/Fixtures/foreign`, copies of them with changes, and what becomes of them.
final class ForeignFixtures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Fixtures/foreign").standardizedFileURL.path

  /// Goes with this object.
  let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "duiqi-import-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: folder)
  }

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  var output: String { "\(folder)/model.h5" }

  /// What is in the folder, hidden files too.
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  private func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }

  /// Folders say how wide their heads are.
  func request(_ source: ImportRequest.Source) -> ImportRequest {
    if case .model(let path) = source, isFolder(path) {
      return ImportRequest(source, output: output)
    }
    return ImportRequest(source, output: output, imageHeadWidth: 8, textHeadWidth: 8)
  }

  func request(_ path: String) -> ImportRequest { request(.model(path)) }

  static var towers: ImportRequest.Source {
    .towers(image: path("clip.pt"), text: path("bert"))
  }

  // MARK: Copies with changes

  struct Tensor {
    var name: String
    var shape: [Int]
    var numbers: [Float]
  }

  static func tensors(_ name: String) throws -> [Tensor] {
    let file = try WeightFile.open(path(name))
    return try file.tensors.map {
      Tensor(name: $0.name, shape: $0.shape, numbers: try file.read($0.name))
    }
  }

  /// Writes tensors beside the vocabulary, as safetensors.
  @discardableResult
  func write(_ tensors: [Tensor], to name: String = "source.safetensors") throws -> String {
    let path = "\(folder)/\(name)"
    let draft = try SafetensorsDraft(
      path, tensors: tensors.map { AnnouncedTensor(name: $0.name, shape: $0.shape) })
    for tensor in tensors {
      try tensor.numbers.withUnsafeBufferPointer { numbers in try draft.add(numbers) }
    }
    try draft.publish()
    try copy("vocab.txt")
    return path
  }

  /// Copies a fixture, or a folder of them, and gives its path.
  @discardableResult
  func copy(_ name: String) throws -> String {
    let target = "\(folder)/\(name.split(separator: "/").last ?? "")"
    if !FileManager.default.fileExists(atPath: target) {
      try FileManager.default.copyItem(atPath: Self.path(name), toPath: target)
    }
    return target
  }

  /// Replaces a text in a file.
  func edit(_ name: String, _ old: String, _ new: String) throws {
    let url = URL(filePath: "\(folder)/\(name)")
    let text = try String(contentsOf: url, encoding: .utf8)
    try #require(text.contains(old))
    try text.replacing(old, with: new).write(to: url, atomically: false, encoding: .utf8)
  }

  // MARK: Results

  /// The unit rows of a checkpoint for the pictures and texts of `expected.safetensors`.
  struct Rows {
    let image: [Float]
    let text: [Float]

    private let expectedName: String

    init(_ checkpoint: String, expected name: String = "expected.safetensors") throws {
      expectedName = name
      let expected = try WeightFile.open(ForeignFixtures.path(name))
      let pixels = try expected.read("pixels")
      let shape = try #require(expected["ids"]).shape
      let ids = try expected.read("ids").map { Int32($0) }
      let loaded = try LoadedModel(
        CheckpointReader(checkpoint), device: .init(threadCount: 1))
      let embedder = try Embedder(
        loaded.model, on: loaded.device, parameters: loaded.parameters)
      image = embedder.embedImages(count: shape[0]) { rows, target in
        let size = target.count / rows.count
        _ = target.update(fromContentsOf: pixels[rows.lowerBound * size..<rows.upperBound * size])
      }
      text = embedder.embedTexts(
        (0..<shape[0]).map { row in
          Array(ids[row * shape[1]..<(row + 1) * shape[1]].prefix { $0 != 0 })
        })
    }

    /// The largest difference to the original's rows.
    func error(image imageName: String = "image", text textName: String = "text") throws -> Float {
      let expected = try WeightFile.open(ForeignFixtures.path(expectedName))
      let pairs =
        zip(image, try expected.read(imageName)).map { abs($0 - $1) }
        + zip(text, try expected.read(textName)).map { abs($0 - $1) }
      return pairs.max() ?? .infinity
    }
  }
}
