internal import DurableFiles
internal import Glibc

/// Where the embeddings of a shard are kept: beside it, or under the user's own cache.
///
/// The folder beside the shards serves everybody who uses them, and goes where they go. Where it
/// cannot be written, each user keeps a folder of their own for it under `$XDG_CACHE_HOME`, or
/// `~/.cache`.
struct CacheFolder {
  static let name = ".duiqi-cache"
  static let fileSuffix = ".embeddings"

  private let shard: String
  private let key: EmbeddingKey

  init(ofShard path: String, key: EmbeddingKey) {
    shard = path
    self.key = key
  }

  /// Where a file may be, the better place first.
  var folders: [String] { [beside] + [fallback].compactMap(\.self) }

  var paths: [String] { folders.map { "\($0)/\(fileName)" } }

  /// Paths of files that say with their headers that they are whole, and of a shard as it is now.
  func pathsThatSeemWhole(_ header: EmbeddingFileHeader) -> [String] {
    paths.filter { path in
      // What is wrong with a file is told when it is looked into.
      guard let file = try? OpenFile(path), let found = try? EmbeddingFileHeader(file) else {
        return false
      }
      return found == header && header.end == file.byteCount
    }
  }

  /// The file's name: the shard's without `.tar`, then the key's.
  var fileName: String {
    let name = Folder.lastName(of: shard)
    // One without that ending could be another's with it, and a name of 255 bytes may be all that
    // the file system takes.
    let short =
      name.hasSuffix(".tar") && name.utf8.count <= 164
      ? String(name.dropLast(4))
      : String(SHA256.hexadecimal(SHA256.digest(Array(name.utf8))).prefix(32))
    return "\(short).\(key.name)\(Self.fileSuffix)"
  }

  /// One process at a time encodes with one tower for a folder.
  func lockPath(in folder: String) -> String { "\(folder)/\(key.name).lock" }

  private var beside: String { "\(Folder.parent(of: shard))/\(Self.name)" }

  /// A folder for this shard's folder, under the user's cache.
  private var fallback: String? {
    let environment = { (name: String) in getenv(name).map { String(cString: $0) } ?? "" }
    let (cache, home) = (environment("XDG_CACHE_HOME"), environment("HOME"))
    // The specification says to pass over relative paths.
    let root = cache.hasPrefix("/") ? cache : home.hasPrefix("/") ? "\(home)/.cache" : nil
    guard let root, let real = realpath(Folder.parent(of: shard), nil) else { return nil }
    defer { free(real) }
    let place = SHA256.hexadecimal(SHA256.digest(Array(String(cString: real).utf8)))
    return "\(root)/duiqi/embeddings/\(place.prefix(16))"
  }
}
