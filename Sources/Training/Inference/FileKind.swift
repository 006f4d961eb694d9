internal import DurableFiles

/// The kinds of files that duiqi can look into.
enum FileKind: String {
  case checkpoint
  case shard
  case onnx
  case manifest
  case index
  case cache

  private static let endings: [(ending: String, kind: FileKind)] = [
    (".h5", .checkpoint), (".hdf5", .checkpoint), (".tar", .shard), (".onnx", .onnx),
    ("manifest.jsonl", .manifest), (CacheFolder.fileSuffix, .cache),
    (PartialFile.partialPath(of: CacheFolder.fileSuffix), .cache),
  ]

  /// What can be looked into, in words.
  private static let expected =
    "a checkpoint (.h5), a shard (.tar), an ONNX model (.onnx), a cache (.embeddings), a "
    + "manifest.jsonl or the folder of an index"

  /// By the file's name, so that a damaged start does not make another kind of it, else by its
  /// first bytes.
  ///
  /// - Throws: ``FileError`` where there is no regular file, or it is none of these.
  init(_ path: String) throws(FileError) {
    let folder = SearchIndexFiles.folder(of: path)
    if FileContents.exists("\(folder)/\(SearchIndexFiles.description)") {
      self = .index
      return
    }
    guard !Folder.exists(path) else { throw Self.unknown(path, "a folder, no regular file") }
    let file = try OpenFile(path)
    if let named = Self.endings.first(where: { path.hasSuffix($0.ending) }) {
      self = named.kind
      return
    }
    let start = try file.read(0..<min(512, file.byteCount))
    if start.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .checkpoint
    } else if start.count == 512, start[257..<262].elementsEqual("ustar".utf8) {
      self = .shard
    } else if start.starts(with: EmbeddingFileHeader.magic) {
      self = .cache
    } else {
      throw Self.unknown(path, "none of our files by its name or its first bytes")
    }
  }

  private static func unknown(_ path: String, _ problem: String) -> FileError {
    FileError(
      .read, path: path, code: 0, problem: "it is \(problem); expected was \(expected)")
  }
}
