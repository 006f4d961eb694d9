internal import DurableFiles
internal import StrictJSON

/// `manifest.jsonl` beside shards: a line for each, with its pairs, bytes and SHA-256.
///
///     {"file": "train-0000.tar", "pairs": 1442, "bytes": 7290880, "sha256": "<64 digits>"}
public struct ShardManifest: Equatable, Sendable {
  public static let fileName = "manifest.jsonl"

  /// What a manifest says of one shard.
  public struct Entry: Equatable, Sendable {
    /// A name in the manifest's own folder.
    public let file: String
    public let pairs: Int
    public let bytes: Int64
    /// 64 lower-case hexadecimal digits.
    public let sha256: String
  }

  public let entries: [Entry]

  public init(entries: [Entry]) {
    self.entries = entries
  }

  /// Reads a manifest: strict JSON lines, known fields only. - Throws: `fileFailure`,
  /// `malformedManifest`.
  public init(path: String) throws(PairDataError) {
    let file = try RandomAccessFile(path: path)
    guard file.status.bytes <= 64 << 20 else {
      throw .malformedManifest(path: path, line: 1, problem: "the file exceeds 64 MiB")
    }
    let bytes = try file.bytes(at: 0, count: Int(file.status.bytes))
    var entries: [Entry] = []
    var names: Set<String> = []
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !(line.isEmpty && index == lines.count - 1) {
      do throws(ManifestProblem) {
        let entry = try Self.entry(Array(line))
        guard names.insert(entry.file).inserted else {
          throw ManifestProblem(text: "`\(entry.file)` is listed twice")
        }
        entries.append(entry)
      } catch {
        throw .malformedManifest(path: path, line: index + 1, problem: error.text)
      }
    }
    self.init(entries: entries)
  }

  /// The line of a shard as it lies on disk. - Throws: what `PairShard` throws.
  public static func entry(forShard path: String) throws(PairDataError) -> Entry {
    let shard = try PairShard(path: path, storage: .memoryOnly)
    let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    return Entry(
      file: name, pairs: shard.count, bytes: shard.bytes,
      sha256: try ContentDigest(file: RandomAccessFile(path: path)).hexadecimal)
  }

  /// Replaces the folder's manifest as a whole. - Throws: `fileFailure`.
  public func write(toFolder folder: String) throws(PairDataError) {
    let path = folder + "/" + Self.fileName
    let text = entries.map { $0.json.serialized + "\n" }.joined()
    do {
      try AtomicFile.write(Array(text.utf8), to: path)
    } catch {
      throw .fileFailure(action: .write, path: path, reason: "\(error)")
    }
  }

  /// Checks every shard of the manifest. - Returns: what is wrong, a finding for each such shard.
  public func verify(folder: String) -> [PairDataError] {
    entries.compactMap { entry in
      let path = folder + "/" + entry.file
      do throws(PairDataError) {
        try Self.verify(path: path, against: entry)
        return nil
      } catch {
        return error
      }
    }
  }

  /// Checks one shard: its size, its digest, then that it is a whole tar with so many pairs.
  /// - Throws: `manifestMismatch`, and what `PairShard` throws.
  public static func verify(path: String, against entry: Entry) throws(PairDataError) {
    let file = try RandomAccessFile(path: path)
    let bytes = file.status.bytes
    guard bytes == entry.bytes else {
      throw .manifestMismatch(
        path: path, problem: "found \(bytes) bytes, the manifest says \(entry.bytes)")
    }
    let digest = try ContentDigest(file: file).hexadecimal
    guard digest == entry.sha256 else {
      throw .manifestMismatch(
        path: path, problem: "found SHA-256 \(digest), the manifest says \(entry.sha256)")
    }
    let pairs = try PairShard(path: path, storage: .memoryOnly).count
    guard pairs == entry.pairs else {
      let found = pairs == 1 ? "1 pair" : "\(pairs) pairs"
      throw .manifestMismatch(
        path: path, problem: "found \(found), the manifest says \(entry.pairs)")
    }
  }

  private struct ManifestProblem: Error {
    let text: String
  }

  private static func entry(_ line: [UInt8]) throws(ManifestProblem) -> Entry {
    let value: JSONValue
    do {
      value = try JSONParser.parse(line, byteLimit: 1 << 20)
    } catch {
      throw ManifestProblem(text: error.description)
    }
    guard case .object(let members) = value, members.count == 4,
      let file = value["file"]?.string, let pairs = value["pairs"]?.integer,
      let bytes = value["bytes"]?.integer, let sha256 = value["sha256"]?.string
    else { throw ManifestProblem(text: "found `\(String(decoding: line, as: UTF8.self))`") }
    guard !file.isEmpty, !file.contains("/"), file != ".", file != "..", !file.utf8.contains(0)
    else { throw ManifestProblem(text: "`\(file)` is not a file name") }
    guard pairs >= 0, bytes >= 0 else { throw ManifestProblem(text: "a count is negative") }
    let isDigest =
      sha256.utf8.count == 64
      && sha256.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    guard isDigest else { throw ManifestProblem(text: "`\(sha256)` is not a SHA-256") }
    return Entry(file: file, pairs: Int(pairs), bytes: bytes, sha256: sha256)
  }
}

extension ShardManifest.Entry {
  /// The line's object, fields in the documented order.
  var json: JSONValue {
    .object([
      .init(name: "file", value: .text(file)),
      .init(name: "pairs", value: .number(String(pairs))),
      .init(name: "bytes", value: .number(String(bytes))),
      .init(name: "sha256", value: .text(sha256)),
    ])
  }
}
