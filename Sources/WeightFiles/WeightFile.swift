internal import DurableFiles

/// Tensors in a file, or several, that another tool wrote; found without running anything in them.
///
///     let file = try WeightFile.open("clip_cn_vit-b-16.pt")
///     for tensor in file.tensors where tensor.name.hasPrefix(file.modulePrefix ?? "") {
///       let numbers = try file.read(tensor.name)
///     }
///
/// Opening reads headers, read(_:) the numbers of one tensor a piece at a time; neither ever holds
/// more of the file than that.
public final class WeightFile {
  public enum Format: String, Sendable {
    case safetensors
    case shardedSafetensors = "sharded safetensors"
    case torchArchive = "PyTorch archive"
    case torchScript = "TorchScript archive"
    case torchLegacy = "PyTorch stream, before version 1.6"
    case shardedTorch = "sharded PyTorch files"
  }

  /// The file; of sharded weights the index.
  public let path: String
  public let format: Format
  /// The model's tensors, in the order of the file.
  public let tensors: [WeightTensor]
  /// Tensors beside the model's in a training checkpoint, such as an optimizer's.
  public let otherTensors: [WeightTensor]
  /// What is no tensor.
  public let values: [NamedValue]
  /// Where a training checkpoint keeps the model's tensors; their names leave it out.
  public let stateKey: String?
  /// What safetensors say about themselves.
  public let metadata: [String: String]
  private let tensorOf: [String: WeightTensor]

  private init(
    path: String, format: Format, tensors: [WeightTensor], otherTensors: [WeightTensor] = [],
    values: [NamedValue] = [], stateKey: String? = nil, metadata: [String: String] = [:]
  ) {
    self.path = path
    self.format = format
    self.tensors = tensors
    self.otherTensors = otherTensors
    self.values = values
    self.stateKey = stateKey
    self.metadata = metadata
    tensorOf = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
  }

  /// What data parallel training puts before every name, where it did.
  public var modulePrefix: String? {
    let prefix = "module."
    return !tensors.isEmpty && tensors.allSatisfy { $0.name.hasPrefix(prefix) } ? prefix : nil
  }

  public subscript(name: String) -> WeightTensor? { tensorOf[name] }

  /// The numbers of a tensor, the last axis running fastest.
  public func read(_ name: String) throws(WeightFileError) -> [Float] {
    try tensor(name).read()
  }

  /// Reads the numbers of a tensor, the last axis running fastest.
  ///
  /// - Parameter target: as many numbers as the tensor has elements.
  /// - Returns: what of them is not finite.
  @discardableResult
  public func read(
    _ name: String, into target: UnsafeMutableBufferPointer<Float>
  ) throws(WeightFileError) -> NonFiniteCount {
    try tensor(name).read(into: target)
  }

  /// Reads some rows of a tensor, which are indices of its first axis, and nothing else of it.
  ///
  /// - Parameters:
  ///   - rows: inside the first axis.
  ///   - target: as many numbers as these rows have elements.
  /// - Returns: what of them is not finite.
  @discardableResult
  public func read(
    _ name: String, rows: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws(WeightFileError) -> NonFiniteCount {
    try tensor(name).rows(rows).read(into: target)
  }

  private func tensor(_ name: String) throws(WeightFileError) -> WeightTensor {
    guard let tensor = tensorOf[name] else { throw .noSuchTensor(path: path, name: name) }
    return tensor
  }
}

extension WeightFile {
  /// What a model's folder calls its weights, the first that is there being taken.
  private static let folderNames = [
    "model.safetensors", "model.safetensors\(ShardIndex.suffix)", "pytorch_model.bin",
    "pytorch_model.bin\(ShardIndex.suffix)",
  ]

  /// Opens a weight file, an index of several, or the weights in a model's folder.
  public static func open(_ path: String) throws(WeightFileError) -> WeightFile {
    guard Folder.exists(path) else {
      return path.hasSuffix(ShardIndex.suffix) ? try sharded(path) : try single(path)
    }
    for name in folderNames where FileContents.exists("\(path)/\(name)") {
      return try open("\(path)/\(name)")
    }
    throw .unknownFormat(
      path: path, found: "a folder without \(folderNames.joined(separator: ", "))")
  }

  private static func sharded(_ path: String) throws(WeightFileError) -> WeightFile {
    var shards: [WeightFile] = []
    let tensors = try ShardIndex(path).tensors { (path) throws(WeightFileError) in
      let shard = try single(path)
      shards.append(shard)
      return shard.tensors
    }
    let isSafe = shards.allSatisfy { $0.format == .safetensors }
    return WeightFile(
      path: path, format: isSafe ? .shardedSafetensors : .shardedTorch, tensors: tensors,
      otherTensors: shards.flatMap(\.otherTensors), values: shards.flatMap(\.values))
  }

  private static func single(_ path: String) throws(WeightFileError) -> WeightFile {
    let file: OpenFile
    do throws(FileError) {
      file = try OpenFile(path)
    } catch {
      throw .file(error)
    }
    let beginning = try file.bytes(0..<min(file.byteCount, 512))
    if beginning.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      let archive = try TorchArchive(file)
      return WeightFile(path, archive.isScript ? .torchScript : .torchArchive, archive.contents)
    }
    if beginning.starts(with: TorchLegacy.beginning) {
      return WeightFile(path, .torchLegacy, try TorchLegacy(file).contents)
    }
    if beginning.dropFirst(Safetensors.lengthBytes).first == UInt8(ascii: "{") {
      let safetensors = try Safetensors(file)
      return WeightFile(
        path: path, format: .safetensors, tensors: safetensors.tensors,
        metadata: safetensors.metadata)
    }
    throw .unknownFormat(path: path, found: description(of: beginning))
  }

  private convenience init(_ path: String, _ format: Format, _ contents: TorchContents) {
    self.init(
      path: path, format: format, tensors: contents.tensors, otherTensors: contents.otherTensors,
      values: contents.values, stateKey: contents.stateKey)
  }

  private static func description(of beginning: [UInt8]) -> String {
    if beginning.isEmpty { return "an empty file" }
    if beginning.count >= 262, beginning[257..<262].elementsEqual("ustar".utf8) {
      return "a tar file, as PyTorch wrote before 2017 (save it again with a later one)"
    }
    if beginning.first == 0x80 { return "a pickle that torch.save did not write" }
    let digits = beginning.prefix(8).map {
      $0 < 16 ? "0\(String($0, radix: 16))" : String($0, radix: 16)
    }
    return "the first bytes \(digits.joined(separator: " "))"
  }
}
