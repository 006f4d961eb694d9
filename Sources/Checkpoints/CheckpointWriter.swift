internal import CHDF5
internal import DurableFiles

/// Writes checkpoints whole: under a temporary name, read back and verified, then published.
public enum CheckpointWriter {
  /// - Parameters:
  ///   - path: the final name; what stands there is replaced when the new file is verified.
  ///   - firstMoments, secondMoments: of the trained parameters, or empty.
  /// - Returns: the digest over the parameters, hexadecimal.
  @discardableResult
  public static func write(
    to path: String, document: CheckpointDocument, parameters: [CheckpointTensor],
    firstMoments: [CheckpointTensor] = [], secondMoments: [CheckpointTensor] = []
  ) throws(CheckpointError) -> String {
    let tensors: [(CheckpointSection, [CheckpointTensor])] = [
      (.parameters, parameters), (.firstMoments, firstMoments), (.secondMoments, secondMoments),
    ]
    let target: AtomicFile
    do throws(FileError) {
      target = try AtomicFile(path)
    } catch {
      throw .file(error)
    }
    try checkRoom(for: tensors, document, at: path)
    let digest = try HDF5.locked { () throws(CheckpointError) in
      do throws(HDF5Failure) {
        return try fill(target.temporaryPath, document, tensors)
      } catch {
        throw .file(writeFailure(path, error))
      }
    }
    // What a reader would find, found now, while the older checkpoint still exists.
    let reader = try CheckpointReader(target.temporaryPath)
    if let finding = try reader.verify().first { throw finding }
    do throws(FileError) {
      try target.publish()
    } catch {
      throw .file(error)
    }
    return digest
  }

  /// HDF5 hides `errno`; a full disk is by far the likeliest reason.
  private static func writeFailure(_ path: String, _ failure: HDF5Failure) -> FileError {
    let free = Folder.freeBytes(at: Folder.parent(of: path)) ?? 0
    return FileError(
      .write, path: path, code: 28,
      problem: "HDF5 failed in \(failure.call); \(free) bytes are free on the disk")
  }

  private static func checkRoom(
    for tensors: [(CheckpointSection, [CheckpointTensor])], _ document: CheckpointDocument,
    at path: String
  ) throws(CheckpointError) {
    let values = tensors.flatMap(\.1).reduce(0) { $0 + $1.values.count }
    let texts = document.texts.reduce(0) { $0 + $1.bytes.count }
    // Headers and chunk indexes take well under a hundredth, small tensors about 2 KiB each.
    let needed = values * 4 + texts + values / 20 + 4_096 * tensors.flatMap(\.1).count
    let folder = Folder.parent(of: path)
    if let free = Folder.freeBytes(at: folder), free < needed {
      throw .notEnoughRoom(folder: folder, needed: needed, free: free)
    }
  }

  private static func fill(
    _ path: String, _ document: CheckpointDocument,
    _ tensors: [(CheckpointSection, [CheckpointTensor])]
  ) throws(HDF5Failure) -> String {
    let file = try HDF5File(path, .create)
    var parameterDigest = CheckpointDigest()
    var stateDigest = CheckpointDigest()
    for (section, list) in tensors {
      for tensor in list.sorted(by: { CheckpointFormat.ordered($0.path, $1.path) }) {
        let bytes = UnsafeRawBufferPointer(tensor.values)
        let name = "\(section.rawValue)/\(tensor.path)"
        if section == .parameters {
          parameterDigest.add(tensor.path, sizes: tensor.sizes, bytes)
        } else {
          stateDigest.add(name, sizes: tensor.sizes, bytes)
        }
        let dataset = try file.createDataset(
          "/\(name)", .float, sizes: tensor.sizes, bytes.baseAddress)
        defer { H5Dclose(dataset) }
        if tensor.sizes.isEmpty {
          try file.setAttribute("scalar", of: dataset, to: .integer(1))
        }
      }
    }
    for text in document.texts {
      let dataset = try file.createDataset(
        "/\(text.name)", .byte, sizes: [text.bytes.count], text.bytes)
      H5Dclose(dataset)
    }
    stateDigest.add(document)
    let digest = parameterDigest.finish()
    try file.setAttribute("format", of: file.id, to: .text(CheckpointFormat.name))
    try file.setAttribute("format_version", of: file.id, to: .integer(CheckpointFormat.version))
    try file.setAttribute("tool_version", of: file.id, to: .text(document.toolVersion))
    try file.setAttribute("family", of: file.id, to: .text(document.family))
    try file.setAttribute("sha256", of: file.id, to: .text(digest))
    try file.setAttribute("state_sha256", of: file.id, to: .text(stateDigest.finish()))
    if let run = document.run {
      let group = try HDF5.checked(H5Gcreate2(file.id, "/run", 0, 0, 0), "H5Gcreate2")
      defer { H5Gclose(group) }
      for (name, value) in run { try file.setAttribute(name, of: group, to: value) }
    }
    try file.flush()
    return digest
  }
}
