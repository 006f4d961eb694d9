internal import CHDF5
internal import DurableFiles

extension CheckpointReader {
  struct Opened {
    var file: HDF5File
    var document: CheckpointDocument
    var sha256: String
    var optimizerSHA256: String
    var paths: [CheckpointSection: [String]]
  }

  /// Opens a file and reads all that is not a tensor. Inside `HDF5.locked`.
  static func open(_ path: String) throws(CheckpointError) -> Opened {
    let file = try openFile(path)
    guard try value("format", file, path) == .text(CheckpointFormat.name) else {
      throw .foreign(path: path, problem: "this HDF5 file has no attribute `format` of ours")
    }
    guard case .integer(let version)? = try value("format_version", file, path), version >= 1
    else { throw .damaged(path: path, member: "format_version", problem: "it is no version") }
    guard version <= CheckpointFormat.version else {
      throw .newerFormat(path: path, found: version, supported: CheckpointFormat.version)
    }
    var paths: [CheckpointSection: [String]] = [:]
    for section in CheckpointSection.allCases {
      paths[section] = try file.datasetPaths(below: "\(section.rawValue)", in: path)
    }
    var document = CheckpointDocument(
      family: try text("family", file, path),
      configuration: try string("configuration", file, path),
      vocabulary: try bytes("vocabulary", file, path),
      preprocessing: try string("preprocessing", file, path),
      recipe: try string("recipe", file, path),
      toolVersion: try text("tool_version", file, path),
      run: try run(file, path))
    document.formatVersion = version
    guard CheckpointDigest.digest(of: document) == (try text("document_sha256", file, path)) else {
      throw .damaged(
        path: path, member: "document",
        problem: "texts, attributes and run state differ from `document_sha256`")
    }
    return Opened(
      file: file, document: document, sha256: try text("sha256", file, path),
      optimizerSHA256: try text("optimizer_sha256", file, path), paths: paths)
  }

  private static func openFile(_ path: String) throws(CheckpointError) -> HDF5File {
    try HDF5Superblock.check(path)
    do throws(HDF5Failure) {
      return try HDF5File(path, .read)
    } catch {
      if error.systemCode != 0 {
        throw .file(FileError(.open, path: path, code: error.systemCode))
      }
      throw .unreadable(path: path, problem: error.problem)
    }
  }

  /// An attribute of the whole file.
  private static func value(
    _ name: String, _ file: HDF5File, _ path: String
  ) throws(CheckpointError) -> RunValue? {
    do throws(HDF5Failure) {
      return try file.attribute(name, of: file.id)
    } catch {
      throw .damaged(path: path, member: name, problem: error.problem)
    }
  }

  private static func text(
    _ name: String, _ file: HDF5File, _ path: String
  ) throws(CheckpointError) -> String {
    guard case .text(let text)? = try value(name, file, path) else {
      throw .damaged(path: path, member: name, problem: "the attribute is missing")
    }
    return text
  }

  private static func run(
    _ file: HDF5File, _ path: String
  ) throws(CheckpointError) -> [(name: String, value: RunValue)]? {
    guard try file.contains("run", in: path) else { return nil }
    let group = H5Gopen2(file.id, "run", 0)
    guard group >= 0 else { throw .damaged(path: path, member: "run", problem: "not a group") }
    defer { H5Gclose(group) }
    do throws(HDF5Failure) {
      return try file.attributes(of: group)
    } catch {
      throw .damaged(path: path, member: "run", problem: error.problem)
    }
  }

  private static func bytes(
    _ name: String, _ file: HDF5File, _ path: String
  ) throws(CheckpointError) -> [UInt8] {
    let dataset = try file.openDataset(name, .byte, in: path)
    defer { H5Dclose(dataset.id) }
    guard dataset.sizes.count == 1, dataset.sizes[0] <= CheckpointFormat.textLimit else {
      throw .damaged(path: path, member: name, problem: "sizes \(dataset.sizes)")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(dataset.sizes[0])
    try file.readRuns(of: dataset, .byte, name, in: path) { _, run in
      bytes.append(contentsOf: run)
    }
    return bytes
  }

  private static func string(
    _ name: String, _ file: HDF5File, _ path: String
  ) throws(CheckpointError) -> String {
    let bytes = try bytes(name, file, path)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .damaged(path: path, member: name, problem: "it is not UTF-8")
    }
    return text
  }
}
