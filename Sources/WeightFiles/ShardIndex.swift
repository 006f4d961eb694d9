internal import DurableFiles
internal import StrictJSON

/// The index of weights that are split over several files: `weight_map` names each tensor's file.
struct ShardIndex {
  private let path: String
  private let fileOf: [String: String]

  static let suffix = ".index.json"
  private static let byteLimit = 16 << 20
  private static let fileLimit = 512

  init(_ path: String) throws(WeightFileError) {
    self.path = path
    let map = try Self.weightMap(path)
    var fileOf: [String: String] = [:]
    for member in map {
      guard let file = member.value.string, Self.staysInFolder(file) else {
        throw .malformed(
          place: path, found: "a file for `\(member.name.prefixForMessage)` that is none beside it",
          expected: "the plain name of a file in the same folder")
      }
      fileOf[member.name] = file
    }
    self.fileOf = fileOf
  }

  /// The tensors of all files, each from the file that the index says.
  func tensors(
    of open: (String) throws(WeightFileError) -> [WeightTensor]
  ) throws(WeightFileError) -> [WeightTensor] {
    let files = Set(fileOf.values).sorted()
    guard files.count <= Self.fileLimit else {
      throw .beyondLimit(
        place: path, found: "\(files.count) files", limit: "\(Self.fileLimit) files")
    }
    var tensors: [WeightTensor] = []
    for file in files {
      for tensor in try open("\(Folder.parent(of: path))/\(file)") {
        guard fileOf[tensor.name] == file else {
          throw .malformed(
            place: path, found: "the tensor `\(tensor.name.prefixForMessage)` in \(file)",
            expected: "it in \(fileOf[tensor.name] ?? "no file")")
        }
        tensors.append(tensor)
      }
    }
    let found = Set(tensors.map(\.name))
    if let missing = fileOf.keys.sorted().first(where: { !found.contains($0) }) {
      throw .malformed(
        place: path, found: "no tensor `\(missing.prefixForMessage)` in its file",
        expected: "it in \(fileOf[missing] ?? "a file")")
    }
    return tensors
  }

  private static func weightMap(_ path: String) throws(WeightFileError) -> [JSONValue.Member] {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileContents.read(path, limit: byteLimit)
    } catch {
      throw .file(error)
    }
    let index: JSONValue
    do throws(JSONFault) {
      index = try JSONParser.parse(bytes)
    } catch {
      throw .malformed(place: path, found: "\(error)", expected: "a JSON object")
    }
    guard case .object(let map) = index["weight_map"] else {
      throw .malformed(
        place: path, found: "no object `weight_map`", expected: "one with each tensor's file")
    }
    return map
  }

  private static func staysInFolder(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
      && name.unicodeScalars.allSatisfy { $0 != "/" && $0 != "\\" && $0.value >= 0x20 }
  }
}
