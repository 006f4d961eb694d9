import Foundation
import Testing
import WeightFiles

/// What `make_weights.py` wrote with PyTorch and safetensors.
enum WeightFixtures {
  struct Tensor: Decodable {
    let dtype: String
    let shape: [Int]
    /// Nothing for what is not finite.
    let values: [Float?]
  }

  static let folder = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/weights").path

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  static func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(filePath: path(name))))
  }

  static func expected(_ name: String) throws -> [String: Tensor] {
    let data = try Data(contentsOf: URL(filePath: path("expected.json")))
    let all = try JSONDecoder().decode([String: [String: Tensor]].self, from: data)
    return try #require(all[name])
  }
}

/// A file that lasts as long as a test needs it.
final class ScratchFile {
  let path: String

  init(_ bytes: [UInt8], name: String = "scratch.pt") throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.appending(path: name).path
    try write(bytes)
  }

  deinit {
    try? FileManager.default.removeItem(
      atPath: URL(filePath: path).deletingLastPathComponent().path)
  }

  func write(_ bytes: [UInt8]) throws { try Self.write(bytes, to: path) }

  static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(filePath: path))
  }
}

/// Opens a file and reads all that it lists.
func readAll(_ path: String) throws(WeightFileError) -> [String: [Float]] {
  let file = try WeightFile.open(path)
  var numbers: [String: [Float]] = [:]
  for tensor in file.tensors { numbers[tensor.name] = try file.read(tensor.name) }
  return numbers
}

/// What became of reading hostile bytes: their tensors, or the error.
func outcome(of bytes: [UInt8]) throws -> Result<[String: [Float]], WeightFileError> {
  let file = try ScratchFile(bytes)
  return outcome(at: file.path)
}

func outcome(at path: String) -> Result<[String: [Float]], WeightFileError> {
  do throws(WeightFileError) {
    return .success(try readAll(path))
  } catch {
    return .failure(error)
  }
}
