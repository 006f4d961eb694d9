internal import DurableFiles

/// The zip archives of torch.save (PyTorch 1.6 and later) and of torch.jit.save.
///
/// One folder holds `data.pkl`, the storages as `data/0`, `data/1` and so on, and `version`. Beside
/// these a TorchScript archive has `code/` and `constants.pkl`, which are passed over.
struct TorchArchive {
  let contents: TorchContents
  let isScript: Bool

  /// The highest `version` that PyTorch 2 reads (kMaxSupportedFileFormatVersion).
  private static let highestVersion = 10
  private static let shortMemberLimit = 64

  init(_ file: OpenFile) throws(WeightFileError) {
    let directory = try ZipDirectory(file)
    let members = Dictionary(uniqueKeysWithValues: directory.members.map { ($0.name, $0) })
    let root = try Self.root(directory, path: file.path)
    try Self.checkVersion(members["\(root)/version"], file)
    try Self.checkByteOrder(members["\(root)/byteorder"], file)
    isScript =
      members["\(root)/constants.pkl"] != nil
      || directory.members.contains { $0.name.hasPrefix("\(root)/code/") }
    guard let pickle = members["\(root)/data.pkl"] else {
      throw .malformed(
        place: file.path, found: "no `\(root)/data.pkl`", expected: "the archive of torch.save")
    }
    let bytes = try Self.storage(pickle, file)
    try bytes.verify()
    var reader = ByteReader(file, range: bytes.range, place: bytes.place)
    let result = try PickleMachine.read(&reader)
    guard reader.left == 0 else {
      throw reader.malformed("\(reader.left) bytes after the pickle", expected: "none")
    }
    var storages: [String: Storage] = [:]
    contents = try TorchContents(result, place: bytes.place) {
      (reference) throws(WeightFileError) in
      let name = "\(root)/data/\(reference.key)"
      guard let member = members[name] else {
        throw .malformed(
          place: bytes.place,
          found: "a tensor in `\(name.prefixForMessage)`, which is not in the archive",
          expected: "all storages")
      }
      guard reference.byteCount == member.payload.count else {
        throw .malformed(
          place: "\(file.path): \(name)", found: "\(member.payload.count) bytes",
          expected: "\(reference.count) elements as data.pkl states")
      }
      if let known = storages[name] { return known }
      let storage = try Self.storage(member, file)
      storages[name] = storage
      return storage
    }
  }

  /// The one folder that everything is in.
  private static func root(
    _ directory: ZipDirectory, path: String
  ) throws(WeightFileError) -> Substring {
    let roots = Set(directory.members.map { $0.name.prefix { $0 != "/" } })
    guard roots.count == 1, let root = roots.first, !root.isEmpty,
      directory.members.allSatisfy({ $0.name.utf8.count > root.utf8.count })
    else {
      throw .malformed(
        place: path, found: "\(roots.count) files or folders at the top of the archive",
        expected: "one folder, as torch.save writes it")
    }
    return root
  }

  private static func checkVersion(
    _ member: ZipMember?, _ file: OpenFile
  ) throws(WeightFileError) {
    let text = try member.map { (member) throws(WeightFileError) in try shortText(member, file) }
    guard let text, let version = Int(text), (1...highestVersion).contains(version) else {
      throw .malformed(
        place: "\(file.path): version", found: (text ?? "no such member").prefixForMessage,
        expected: "1 to \(highestVersion)")
    }
  }

  private static func checkByteOrder(
    _ member: ZipMember?, _ file: OpenFile
  ) throws(WeightFileError) {
    guard let member else { return }
    let text = try shortText(member, file)
    guard text == "little" else {
      throw .unsupported(
        place: "\(file.path): byteorder", found: "`\(text.prefixForMessage)`",
        remedy: "Save it again on a little-endian machine.")
    }
  }

  private static func shortText(
    _ member: ZipMember, _ file: OpenFile
  ) throws(WeightFileError) -> String {
    let bytes = try storage(member, file)
    guard bytes.range.count <= shortMemberLimit else {
      throw .beyondLimit(
        place: bytes.place, found: "\(bytes.range.count) bytes", limit: "\(shortMemberLimit) bytes")
    }
    try bytes.verify()
    let text = String(decoding: try file.bytes(bytes.range), as: UTF8.self)
    return text.last == "\n" ? String(text.dropLast()) : text
  }

  private static func storage(
    _ member: ZipMember, _ file: OpenFile
  ) throws(WeightFileError) -> Storage {
    let place = "\(file.path): \(member.name)"
    guard member.isStored else {
      throw .unsupported(
        place: place, found: "compressed bytes", remedy: "Load it with PyTorch and save it again.")
    }
    // PyTorch can be told to leave checksums out; they are nought then.
    return Storage(
      file, range: member.payload, place: place,
      checksum: member.checksum == 0 ? nil : member.checksum)
  }
}
