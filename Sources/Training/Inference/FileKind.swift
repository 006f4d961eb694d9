internal import DurableFiles

/// The kinds of files that duiqi can look into.
enum FileKind: String {
  case checkpoint
  case shard
  case onnx
  case manifest

  private static let endings: [(ending: String, kind: FileKind)] = [
    (".h5", .checkpoint), (".hdf5", .checkpoint), (".tar", .shard), (".onnx", .onnx),
    ("manifest.jsonl", .manifest),
  ]

  /// By the file's name, so that a damaged start does not make another kind of it, else by its
  /// first bytes.
  ///
  /// - Throws: ``FileError`` where there is no regular file, or it is none of these.
  init(_ path: String) throws(FileError) {
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
    } else {
      throw FileError(
        .read, path: path, code: 0,
        problem: "it is none of a checkpoint (.h5), a shard (.tar), an ONNX model (.onnx) and a "
          + "manifest.jsonl")
    }
  }
}
