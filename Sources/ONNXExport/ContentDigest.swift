internal import DurableFiles

/// The SHA-256 by which a model that we wrote is found damaged later.
///
/// It stands in the metadata as `duiqi.content_sha256`: over the bytes of the second file, where
/// there is one, and then of the model's own with 64 zeros in the place of these digits.
final class ContentDigest {
  static let key = "duiqi.content_sha256"
  static let placeholder = String(repeating: "0", count: 64)

  private var hash = SHA256()

  func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bytes) }

  func update(_ bytes: [UInt8]) { hash.update(bytes) }

  func finish() -> [UInt8] { Array(SHA256.hexadecimal(hash.finalize()).utf8) }

  /// Where the digits begin in the start of a file, or in all of it.
  static func offset(in bytes: [UInt8]) -> Int? {
    let (key, digits) = (Array(key.utf8), Array(placeholder.utf8))
    // Behind the key: the value's tag and its length, a byte each.
    let lead = key.count + 2
    let starts = 0..<max(0, bytes.count - lead - digits.count + 1)
    return starts.last { start in
      bytes[start] == key[0] && bytes[start..<start + key.count].elementsEqual(key)
        && bytes[start + lead..<start + lead + digits.count].elementsEqual(digits)
    }.map { $0 + lead }
  }
}
