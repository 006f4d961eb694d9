internal import CHDF5
internal import DurableFiles
internal import Glibc

/// A checkpoint that grows tensor by tensor under a temporary name, so that no more than one of
/// them need be in memory.
///
///     let draft = try CheckpointDraft(path, document: document, elementCounts: counts)
///     for tensor in tensors { try draft.add(tensor, to: .parameters) }
///     let sha256 = try draft.publish()
///
/// A draft that is not published leaves nothing behind.
public final class CheckpointDraft {
  private let target: AtomicFile
  private var document: CheckpointDocument
  private var file: HDF5File?
  private let tensors = TensorWriter()
  /// The digests over all tensors, once there will be no more.
  private var digests: (parameters: String, optimizer: String)?
  private var openSections: [CheckpointSection] = []
  private var lastPath: String?
  private var writtenBytes = 0
  /// What a disk is not kept waiting for: of smaller files the last flush is quick enough.
  private static let backgroundBytes = 32 << 20

  /// - Parameters:
  ///   - path: the final name; what stands there is replaced when the new file is verified.
  ///   - elementCounts: of all tensors that will be added, to find out before whether they fit.
  public init(
    _ path: String, document: CheckpointDocument, elementCounts: [Int]
  ) throws(CheckpointError) {
    try Self.checkRoom(for: elementCounts, document, at: path)
    do throws(FileError) {
      target = try AtomicFile(path)
    } catch {
      throw .file(error)
    }
    self.document = document
    let temporaryPath = target.temporaryPath
    file = try Self.reporting(path) { () throws(HDF5Failure) in
      try HDF5File(temporaryPath, .create)
    }
  }

  deinit {
    HDF5.release(&file)
  }

  /// Appends a tensor; sections come in their order, their tensors in byte order of their paths.
  public func add(
    _ tensor: CheckpointTensor, to section: CheckpointSection
  ) throws(CheckpointError) {
    let dataset = try Self.reporting(target.path) { () throws(HDF5Failure) in
      try create(tensor, in: section)
    }
    // A reader that does not know the group would go on from the averages.
    if section == .weights { document.formatVersion = max(2, document.formatVersion) }
    do throws(HDF5Failure) {
      try tensors.write(tensor, in: section, to: dataset, of: whole)
    } catch {
      HDF5.locked { _ = H5Dclose(dataset.id) }
      throw Self.fileError(error, target.path)
    }
    try Self.reporting(target.path) { () throws(HDF5Failure) in
      try HDF5.check(H5Dclose(dataset.id), "H5Dclose")
    }
    writtenBytes += tensor.elementCount * MemoryLayout<Float>.stride
    if writtenBytes >= Self.backgroundBytes { target.flushInBackground() }
  }

  private func create(
    _ tensor: CheckpointTensor, in section: CheckpointSection
  ) throws(HDF5Failure) -> HDF5File.NewDataset {
    try open(section)
    precondition(
      openSections.last == section, "\(section.rawValue) was left before \(tensor.path).")
    if let last = lastPath {
      precondition(
        CheckpointFormat.ordered(last, tensor.path) && !tensor.path.hasPrefix("\(last)/"),
        "`\(last)` and `\(tensor.path)` cannot both be in one checkpoint, in this order.")
    }
    lastPath = tensor.path
    return try whole.createDataset(
      "/\(section.rawValue)/\(tensor.path)", .float, sizes: tensor.sizes)
  }

  /// Reads back what was written, compares it, and puts the file under its name.
  ///
  /// - Returns: the digest over the parameters, hexadecimal.
  public func publish() throws(CheckpointError) -> String {
    let digests = try close()
    do throws(FileError) {
      // What a reader would find, found now, while the older checkpoint still exists, and while
      // the disk takes the rest.
      if let finding = readBack(digests) {
        throw FileError(
          .write, path: target.path, code: EIO, problem: "read back, it is wrong: \(finding)")
      }
      try target.flush()
      try target.publish()
    } catch {
      throw .file(error)
    }
    return digests.parameters
  }

  /// Where the file lies until it is published.
  var temporaryPath: String { target.temporaryPath }

  /// Completes the file under its temporary name; nothing can be added afterwards.
  ///
  /// - Returns: the digests over its tensors.
  @discardableResult
  func close() throws(CheckpointError) -> (parameters: String, optimizer: String) {
    if let digests { return digests }
    let digests = tensors.finish()
    try Self.reporting(target.path) { () throws(HDF5Failure) in try finish(digests) }
    self.digests = digests
    target.endWriting()
    return digests
  }

  private func readBack(_ digests: (parameters: String, optimizer: String)) -> CheckpointError? {
    do throws(CheckpointError) {
      let reader = try CheckpointReader(target.temporaryPath)
      return reader.firstDifference(from: tensors.written, digests)
    } catch {
      return error
    }
  }

  private var whole: HDF5File {
    guard let file else { preconditionFailure("\(target.path) was published before.") }
    return file
  }

  /// Makes the groups of the sections up to this one.
  private func open(_ section: CheckpointSection) throws(HDF5Failure) {
    guard !openSections.contains(section) else { return }
    for next in CheckpointSection.allCases {
      if !openSections.contains(next), next.isAlwaysThere || next == section {
        try whole.createGroup("/\(next.rawValue)")
        openSections.append(next)
        lastPath = nil
      }
      if next == section { return }
    }
  }

  private func finish(
    _ digests: (parameters: String, optimizer: String)
  ) throws(HDF5Failure) {
    for section in CheckpointSection.allCases where section.isAlwaysThere { try open(section) }
    try whole.write(document)
    try whole.setAttribute("sha256", of: whole.id, to: .text(digests.parameters))
    try whole.setAttribute("optimizer_sha256", of: whole.id, to: .text(digests.optimizer))
    try whole.close()
    file = nil
  }

  private static func checkRoom(
    for elementCounts: [Int], _ document: CheckpointDocument, at path: String
  ) throws(CheckpointError) {
    let texts = document.texts.reduce(0) { $0 + $1.bytes.count }
    // Headers take about 1 KiB a tensor; a fifth is left for others who write to the same disk.
    let needed =
      (elementCounts.reduce(0, +) * 4 + texts + 4_096 * elementCounts.count) / 5 * 6
    let folder = Folder.parent(of: path)
    if let free = Folder.freeBytes(at: folder), free < needed {
      throw .notEnoughRoom(folder: folder, needed: needed, free: free)
    }
  }

  /// Runs something with the library to itself.
  private static func reporting<Result>(
    _ path: String, _ body: () throws(HDF5Failure) -> Result
  ) throws(CheckpointError) -> Result {
    do throws(HDF5Failure) {
      return try HDF5.locked(body)
    } catch {
      throw fileError(error, path)
    }
  }

  private static func fileError(_ error: HDF5Failure, _ path: String) -> CheckpointError {
    // Where the library kept the system's reason to itself, its own words must do.
    let isKnown = error.systemCode != 0
    return .file(
      FileError(
        .write, path: path, code: isKnown ? error.systemCode : EIO,
        problem: isKnown ? nil : error.problem))
  }
}

extension HDF5File {
  /// Writes everything of a checkpoint that is not a tensor.
  fileprivate func write(_ document: CheckpointDocument) throws(HDF5Failure) {
    for text in document.texts {
      // A recipe's digest tells whether two runs had the same one.
      let attributes: [(name: String, value: RunValue)] =
        text.name == "recipe"
        ? [("sha256", .text(SHA256.hexadecimal(SHA256.digest(text.bytes))))] : []
      let dataset = try createDataset(
        "/\(text.name)", .byte, sizes: [text.bytes.count], attributes: attributes)
      do throws(HDF5Failure) {
        try write(text.bytes, to: dataset)
      } catch {
        H5Dclose(dataset.id)
        throw error
      }
      try HDF5.check(H5Dclose(dataset.id), "H5Dclose")
    }
    let attributes: [(name: String, value: RunValue)] = [
      ("format", .text(CheckpointFormat.name)),
      ("format_version", .integer(document.formatVersion)),
      ("tool_version", .text(document.toolVersion)), ("family", .text(document.family)),
      ("document_sha256", .text(CheckpointDigest.digest(of: document))),
    ]
    for (name, value) in attributes { try setAttribute(name, of: id, to: value) }
    guard let run = document.run else { return }
    try createGroup("/run")
    let group = try HDF5.checked(H5Gopen2(id, "/run", 0), "H5Gopen2")
    defer { H5Gclose(group) }
    for (name, value) in run.sorted(by: { CheckpointFormat.ordered($0.name, $1.name) }) {
      try setAttribute(name, of: group, to: value)
    }
  }
}
