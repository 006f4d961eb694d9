internal import CHDF5

extension CheckpointReader {
  struct Opened {
    var file: HDF5File
    var document: CheckpointDocument
    var sha256: String
    var stateSHA256: String
    var paths: [CheckpointSection: [String]]
  }

  /// Opens a file and reads all that is not a tensor. Inside `HDF5.locked`.
  static func open(_ path: String) throws(CheckpointError) -> Opened {
    let file: HDF5File
    let attributes: [(name: String, value: RunValue)]
    do throws(HDF5Failure) {
      file = try HDF5File(path, .read)
      attributes = try file.attributes(of: file.id)
    } catch {
      throw .unreadable(path: path, problem: "\(error.call) failed")
    }
    func text(_ name: String) throws(CheckpointError) -> String {
      guard case .text(let text)? = attributes.first(where: { $0.name == name })?.value else {
        throw .damaged(path: path, member: name, problem: "the attribute is missing")
      }
      return text
    }
    guard
      case .text(CheckpointFormat.name)? = attributes.first(where: { $0.name == "format" })?.value
    else { throw .foreign(path: path, problem: "this HDF5 file has no attribute `format` of ours") }
    guard
      case .integer(let version)? = attributes.first(where: { $0.name == "format_version" })?.value
    else { throw .damaged(path: path, member: "format_version", problem: "it is missing") }
    guard version <= CheckpointFormat.version else {
      throw .newerFormat(path: path, found: version, supported: CheckpointFormat.version)
    }
    var paths: [CheckpointSection: [String]] = [:]
    for section in CheckpointSection.allCases {
      paths[section] = try file.datasetPaths(below: "/\(section.rawValue)", in: path)
    }
    let document = CheckpointDocument(
      family: try text("family"),
      configuration: try string("configuration", file, path),
      vocabulary: try bytes("vocabulary", file, path),
      preprocessing: try string("preprocessing", file, path),
      recipe: try string("recipe", file, path), toolVersion: try text("tool_version"),
      run: try run(file, path))
    return Opened(
      file: file, document: document, sha256: try text("sha256"),
      stateSHA256: try text("state_sha256"), paths: paths)
  }

  private static func run(
    _ file: HDF5File, _ path: String
  ) throws(CheckpointError) -> [(name: String, value: RunValue)]? {
    guard H5Lexists(file.id, "/run", 0) > 0 else { return nil }
    let group = H5Gopen2(file.id, "/run", 0)
    guard group >= 0 else { throw .damaged(path: path, member: "run", problem: "not a group") }
    defer { H5Gclose(group) }
    do throws(HDF5Failure) {
      return try file.attributes(of: group)
    } catch {
      throw .damaged(path: path, member: "run", problem: "\(error.call) failed")
    }
  }

  private static func bytes(
    _ name: String, _ file: HDF5File, _ path: String
  ) throws(CheckpointError) -> [UInt8] {
    let dataset = try file.openDataset("/\(name)", .byte, in: path)
    defer { H5Dclose(dataset.id) }
    guard dataset.sizes.count == 1, dataset.sizes[0] <= CheckpointFormat.textLimit else {
      throw .damaged(path: path, member: name, problem: "sizes \(dataset.sizes)")
    }
    var bytes = [UInt8](repeating: 0, count: dataset.sizes[0])
    var failure: CheckpointError?
    bytes.withUnsafeMutableBytes { target in
      do throws(CheckpointError) {
        if !target.isEmpty {
          try file.read(dataset.id, .byte, into: target.baseAddress, name, in: path)
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
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
