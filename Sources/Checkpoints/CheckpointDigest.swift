internal import DurableFiles

/// One of the three digests of a checkpoint: over its parameters, over its optimizer's moments,
/// over its document. `docs/checkpoint-format.md` describes them for other readers.
///
/// Each is a SHA-256 over records. A record is a name in UTF-8, a zero byte, the number of sizes
/// and the sizes as unsigned 64-bit little-endian numbers, and the bytes of the value.
struct CheckpointDigest: ~Copyable {
  private var hash = SHA256()

  /// Begins a record; the bytes of its value follow, in any number of parts.
  mutating func begin(_ name: String, sizes: [Int]) {
    hash.update(Array(name.utf8) + [0])
    for number in [sizes.count] + sizes {
      withUnsafeBytes(of: UInt64(number).littleEndian) { hash.update($0) }
    }
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) { hash.update(bytes) }

  mutating func add(_ name: String, _ bytes: [UInt8]) {
    begin(name, sizes: [bytes.count])
    bytes.withUnsafeBytes { append($0) }
  }

  mutating func finish() -> String { SHA256.hexadecimal(hash.finalize()) }

  /// The digest of everything that is not a tensor: texts, family and tool version, run values.
  static func digest(of document: CheckpointDocument) -> String {
    var digest = CheckpointDigest()
    for text in document.texts { digest.add(text.name, text.bytes) }
    digest.add("family", Array(document.family.utf8))
    digest.add("tool_version", Array(document.toolVersion.utf8))
    let values = (document.run ?? []).sorted { CheckpointFormat.ordered($0.name, $1.name) }
    for (name, value) in values {
      switch value {
      case .integer(let number):
        withUnsafeBytes(of: number.littleEndian) { digest.add("run/\(name)", Array($0)) }
      case .real(let number):
        withUnsafeBytes(of: number.bitPattern.littleEndian) {
          digest.add("run/\(name)", Array($0))
        }
      case .text(let text):
        digest.add("run/\(name)", Array(text.utf8))
      }
    }
    return digest.finish()
  }
}
