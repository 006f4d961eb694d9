internal import CHDF5
internal import DurableFiles
internal import Glibc

/// Reads a checkpoint: its document at once, its tensors when they are asked for.
///
/// Opening compares the digest of everything but the tensors; reading a tensor checks its chunks'
/// checksums; `verify` compares all digests. A file from elsewhere goes through
/// ``HostileFileProbe`` first.
public final class CheckpointReader {
  public let path: String
  public let document: CheckpointDocument
  /// The digest over all parameters, hexadecimal, as the file states it.
  public let sha256: String
  private var handle: HDF5File?
  private let optimizerSHA256: String
  private var listed: [CheckpointSection: [String]] = [:]

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
    handle = opened.file
    document = opened.document
    sha256 = opened.sha256
    optimizerSHA256 = opened.optimizerSHA256
    for section in CheckpointSection.allCases { listed[section] = opened.paths[section] ?? [] }
  }

  deinit {
    HDF5.release(&handle)
  }

  private var file: HDF5File {
    guard let handle else { preconditionFailure("The file is open until deinit.") }
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
    precondition(target.count == sizes.reduce(1, *), "\(path): a target of another size")
    let member = "\(section.rawValue)/\(path)"
    try HDF5.locked { () throws(CheckpointError) in
      let dataset = try file.openDataset(member, .float, in: self.path)
      defer { H5Dclose(dataset.id) }
      guard dataset.sizes == sizes else {
        throw .wrongShape(
          path: self.path, member: member, found: dataset.sizes,
          expected: sizes)
      }
      try file.read(dataset.id, .float, into: target.baseAddress, member, in: self.path)
    }
  }

  /// Compares everything with the digests. - Returns: what is wrong, nothing for a whole file.
  public func verify() throws(CheckpointError) -> [CheckpointError] {
    var findings: [CheckpointError] = []
    var parameterDigest = CheckpointDigest()
    var optimizerDigest = CheckpointDigest()
    var buffer: [Float] = []
    for section in CheckpointSection.allCases {
      for path in paths(in: section) {
        do throws(CheckpointError) {
          let sizes = try sizes(of: path, in: section)
          let count = sizes.reduce(1, *)
          if buffer.count < count { buffer = [Float](repeating: 0, count: count) }
          try read(path, in: section, sizes: sizes, count: count, buffer: &buffer)
          buffer.withUnsafeBytes { bytes in
            let part = UnsafeRawBufferPointer(rebasing: bytes[..<(count * 4)])
            if section == .parameters {
              parameterDigest.add(path, sizes: sizes, part)
            } else {
              optimizerDigest.add("\(section.rawValue)/\(path)", sizes: sizes, part)
            }
          }
        } catch {
          findings.append(error)
        }
      }
    }
    guard findings.isEmpty else { return findings }
    if parameterDigest.finish() != sha256 {
      findings.append(damaged("parameters", "they differ from `sha256`"))
    }
    if optimizerDigest.finish() != optimizerSHA256 {
      findings.append(damaged("optimizer", "its tensors differ from `optimizer_sha256`"))
    }
    return findings
  }

  /// What is wrong with a file, opening it included; nothing for a whole one.
  public static func verify(_ path: String) -> [CheckpointError] {
    do throws(CheckpointError) {
      return try CheckpointReader(path).verify()
    } catch {
      return [error]
    }
  }

  private func read(
    _ path: String, in section: CheckpointSection, sizes: [Int], count: Int,
    buffer: inout [Float]
  ) throws(CheckpointError) {
    var failure: CheckpointError?
    buffer.withUnsafeMutableBufferPointer { all in
      do throws(CheckpointError) {
        try read(
          path, in: section, sizes: sizes,
          into: UnsafeMutableBufferPointer(rebasing: all[..<count]))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private func damaged(_ member: String, _ problem: String) -> CheckpointError {
    .damaged(path: path, member: member, problem: problem)
  }
}
