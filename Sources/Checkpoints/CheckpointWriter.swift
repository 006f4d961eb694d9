internal import CHDF5
internal import DurableFiles
internal import Glibc

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
    try checkRoom(for: tensors, document, at: path)
    do throws(FileError) {
      let target = try AtomicFile(path)
      let digest = try filled(target, document, tensors)
      try target.flush()
      // What a reader would find, found now, while the older checkpoint still exists.
      if let finding = CheckpointReader.verify(target.temporaryPath).first {
        throw FileError(
          .write, path: path, code: EIO, problem: "read back, it is wrong: \(finding)")
      }
      try target.publish()
      return digest
    } catch {
      throw .file(error)
    }
  }

  private static func checkRoom(
    for tensors: [(CheckpointSection, [CheckpointTensor])], _ document: CheckpointDocument,
    at path: String
  ) throws(CheckpointError) {
    let values = tensors.flatMap(\.1).reduce(0) { $0 + $1.values.count }
    let texts = document.texts.reduce(0) { $0 + $1.bytes.count }
    // Headers take about 1 KiB a tensor; a fifth is left for others who write to the same disk.
    let needed = (values * 4 + texts + 4_096 * tensors.flatMap(\.1).count) / 5 * 6
    let folder = Folder.parent(of: path)
    if let free = Folder.freeBytes(at: folder), free < needed {
      throw .notEnoughRoom(folder: folder, needed: needed, free: free)
    }
  }

  private static func filled(
    _ target: AtomicFile, _ document: CheckpointDocument,
    _ tensors: [(CheckpointSection, [CheckpointTensor])]
  ) throws(FileError) -> String {
    do throws(HDF5Failure) {
      return try HDF5.locked { () throws(HDF5Failure) in
        try fill(target.temporaryPath, document, tensors)
      }
    } catch {
      // Where the library kept the system's reason to itself, its own words must do.
      let isKnown = error.systemCode != 0
      throw FileError(
        .write, path: target.path, code: isKnown ? error.systemCode : EIO,
        problem: isKnown ? nil : error.problem)
    }
  }

  private static func fill(
    _ path: String, _ document: CheckpointDocument,
    _ tensors: [(CheckpointSection, [CheckpointTensor])]
  ) throws(HDF5Failure) -> String {
    let file = try HDF5File(path, .create)
    var parameterDigest = CheckpointDigest()
    var optimizerDigest = CheckpointDigest()
    for (section, list) in tensors {
      try file.createGroup("/\(section.rawValue)")
      let list = list.sorted { CheckpointFormat.ordered($0.path, $1.path) }
      for (tensor, next) in zip(list, list.dropFirst()) {
        precondition(
          next.path != tensor.path && !next.path.hasPrefix("\(tensor.path)/"),
          "`\(tensor.path)` and `\(next.path)` cannot both be in one checkpoint.")
      }
      for tensor in list {
        let bytes = UnsafeRawBufferPointer(tensor.values)
        let name = "\(section.rawValue)/\(tensor.path)"
        if section == .parameters {
          parameterDigest.add(tensor.path, sizes: tensor.sizes, bytes)
        } else {
          optimizerDigest.add(name, sizes: tensor.sizes, bytes)
        }
        try file.writeDataset("/\(name)", .float, sizes: tensor.sizes, bytes)
      }
    }
    let digest = parameterDigest.finish()
    try write(document, to: file)
    try file.setAttribute("sha256", of: file.id, to: .text(digest))
    try file.setAttribute("optimizer_sha256", of: file.id, to: .text(optimizerDigest.finish()))
    try file.close()
    return digest
  }

  private static func write(
    _ document: CheckpointDocument, to file: HDF5File
  ) throws(HDF5Failure) {
    for text in document.texts {
      // A recipe's digest tells whether two runs had the same one.
      let attributes: [(name: String, value: RunValue)] =
        text.name == "recipe"
        ? [("sha256", .text(SHA256.hexadecimal(SHA256.digest(text.bytes))))] : []
      try text.bytes.withUnsafeBufferPointer { (bytes) throws(HDF5Failure) in
        try file.writeDataset(
          "/\(text.name)", .byte, sizes: [bytes.count], UnsafeRawBufferPointer(bytes),
          attributes: attributes)
      }
    }
    let attributes: [(name: String, value: RunValue)] = [
      ("format", .text(CheckpointFormat.name)),
      ("format_version", .integer(CheckpointFormat.version)),
      ("tool_version", .text(document.toolVersion)), ("family", .text(document.family)),
      ("document_sha256", .text(CheckpointDigest.digest(of: document))),
    ]
    for (name, value) in attributes { try file.setAttribute(name, of: file.id, to: value) }
    guard let run = document.run else { return }
    try file.createGroup("/run")
    let group = try HDF5.checked(H5Gopen2(file.id, "/run", 0), "H5Gopen2")
    defer { H5Gclose(group) }
    for (name, value) in run.sorted(by: { CheckpointFormat.ordered($0.name, $1.name) }) {
      try file.setAttribute(name, of: group, to: value)
    }
  }
}
