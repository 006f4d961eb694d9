internal import DurableFiles

/// The SHA-256 of a pair's bytes, compact and comparable: equal digests mean equal contents.
struct ContentDigest: Hashable, Sendable {
  private let words: SIMD4<UInt64>

  init(_ bytes: [UInt8]) {
    self.init(digest: SHA256.digest(bytes))
  }

  private init(digest: [UInt8]) {
    var words = SIMD4<UInt64>()
    for (index, byte) in digest.prefix(32).enumerated() {
      words[index / 8] = words[index / 8] << 8 | UInt64(byte)
    }
    self.words = words
  }

  /// The 32 bytes of the digest.
  var bytes: [UInt8] {
    (0..<32).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(56 - 8 * ($0 % 8))) }
  }

  /// The digest as 64 lower-case hexadecimal digits.
  var hexadecimal: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

extension ContentDigest {
  /// The digest of a whole file, read a mebibyte at a time. - Throws: `fileFailure`.
  init(file: RandomAccessFile) throws(PairDataError) {
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var offset: Int64 = 0
    while true {
      let count = try file.read(into: &buffer, at: offset)
      hash.update(count == buffer.count ? buffer : Array(buffer[..<count]))
      offset += Int64(count)
      if count < buffer.count { break }
    }
    self.init(digest: hash.finalize())
  }
}
