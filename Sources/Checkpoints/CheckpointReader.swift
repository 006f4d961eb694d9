internal import CHDF5
internal import DurableFiles
internal import Glibc
internal import Synchronization

/// Reads a checkpoint: its document at once, its tensors when they are asked for.
///
/// Opening compares the digest of everything but the tensors; reading a tensor checks its chunks'
/// checksums; `verify` compares all digests. A file from elsewhere goes through
/// ``HostileFileProbe`` first.
public final class CheckpointReader: Sendable {
  public let path: String
  public let document: CheckpointDocument
  /// The digest over all parameters, hexadecimal, as the file states it.
  public let sha256: String
  private let handle: Mutex<HDF5File?>
  let optimizerSHA256: String
  private let listed: [CheckpointSection: [String]]

  /// - Throws: ``CheckpointError`` for anything that is not a whole checkpoint of a known format.
  public init(_ path: String) throws(CheckpointError) {
    guard FileContents.exists(path) else { throw .missing(path: path) }
    guard Folder.fileBytes(at: path) != nil else {
      throw .file(FileError(.open, path: path, code: EISDIR))
    }
    let opened = try HDF5.locked { () throws(CheckpointError) in
      try CheckpointReader.open(path)
    }
    self.path = path
    handle = Mutex(opened.file)
    document = opened.document
    sha256 = opened.sha256
    optimizerSHA256 = opened.optimizerSHA256
    listed = opened.paths
  }

  deinit {
    handle.withLock { HDF5.release(&$0) }
  }

  private var file: HDF5File {
    guard let handle = handle.withLock({ $0 }) else {
      preconditionFailure("The file is open until deinit.")
    }
    return handle
  }

  /// The tensors of a section in byte order of their paths.
  public func paths(in section: CheckpointSection) -> [String] { listed[section] ?? [] }

  public func sizes(
    of path: String, in section: CheckpointSection
  ) throws(CheckpointError) -> [Int] {
    try HDF5.locked { () throws(CheckpointError) in
      let dataset = try file.openDataset("\(section.rawValue)/\(path)", .float, in: self.path)
      H5Dclose(dataset.id)
      return dataset.sizes
    }
  }

  /// Reads a tensor into memory of just its size.
  ///
  /// - Throws: `missingMember`, `wrongShape`, `damaged`.
  public func read(
    _ path: String, in section: CheckpointSection, sizes: [Int],
    into target: UnsafeMutableBufferPointer<Float>
  ) throws(CheckpointError) {
    try read(path, in: section, sizes: sizes, into: target) { _ in }
  }

  /// - Parameter body: is given the bytes of the target, a run at a time, in order.
  func read(
    _ path: String, in section: CheckpointSection, sizes: [Int],
    into target: UnsafeMutableBufferPointer<Float>, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(CheckpointError) {
    precondition(target.count == sizes.reduce(1, *), "\(path): a target of another size")
    let member = "\(section.rawValue)/\(path)"
    let file = file
    let dataset = try HDF5.locked { () throws(CheckpointError) in
      try file.openDataset(member, .float, in: self.path)
    }
    defer { HDF5.locked { _ = H5Dclose(dataset.id) } }
    guard dataset.sizes == sizes else {
      throw .wrongShape(
        path: self.path, member: member, found: dataset.sizes, expected: sizes)
    }
    try file.read(
      dataset, .float, member, in: self.path, into: UnsafeMutableRawBufferPointer(target), body)
  }

  /// Gives a tensor a run at a time.
  ///
  /// - Parameter begin: is given the sizes first; what it throws ends the reading.
  func readRuns(
    of path: String, in section: CheckpointSection,
    begin: ([Int]) throws(CheckpointError) -> Void,
    _ body: (Range<Int>, UnsafeRawBufferPointer) -> Void
  ) throws(CheckpointError) {
    let member = "\(section.rawValue)/\(path)"
    let file = file
    let dataset = try HDF5.locked { () throws(CheckpointError) in
      try file.openDataset(member, .float, in: self.path)
    }
    defer { HDF5.locked { _ = H5Dclose(dataset.id) } }
    try begin(dataset.sizes)
    try file.readRuns(of: dataset, .float, member, in: self.path, body)
  }

  /// Compares everything with the digests. - Returns: what is wrong, nothing for a whole file.
  public func verify() throws(CheckpointError) -> [CheckpointError] {
    // Each digest is one long sum, but there are two of them.
    let optimizer = BackgroundWork { [self] in
      examine([.firstMoments, .secondMoments, .weights])
    }
    let parameters = examine([.parameters])
    var findings = parameters.findings + optimizer.wait().findings
    guard findings.isEmpty else { return findings }
    if parameters.digest != sha256 {
      findings.append(damaged("parameters", "they differ from `sha256`"))
    }
    if optimizer.wait().digest != optimizerSHA256 {
      findings.append(damaged("optimizer", "its tensors differ from `optimizer_sha256`"))
    }
    return findings
  }

  /// Reads sections. - Returns: the tensors that cannot be read, and the digest over all of them.
  private func examine(
    _ sections: [CheckpointSection]
  ) -> (findings: [CheckpointError], digest: String) {
    var findings: [CheckpointError] = []
    var digest = CheckpointDigest()
    for section in sections {
      for path in paths(in: section) {
        let name = section == .parameters ? path : "\(section.rawValue)/\(path)"
        do throws(CheckpointError) {
          try readRuns(of: path, in: section) { sizes in
            digest.begin(name, sizes: sizes)
          } _: { _, bytes in
            digest.append(bytes)
          }
        } catch {
          findings.append(error)
        }
      }
    }
    return (findings, digest.finish())
  }

  /// What is wrong with a file, opening it included; nothing for a whole one.
  public static func verify(_ path: String) -> [CheckpointError] {
    do throws(CheckpointError) {
      return try CheckpointReader(path).verify()
    } catch {
      return [error]
    }
  }

  func damaged(_ member: String, _ problem: String) -> CheckpointError {
    .damaged(path: path, member: member, problem: problem)
  }
}
