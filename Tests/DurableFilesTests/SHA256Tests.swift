import DurableFiles
import Testing

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4, and of NIST's vectors for an empty message.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `the standard's examples come out`(_ message: String, _ digest: String) {
    #expect(SHA256.hexadecimal(SHA256.digest(Array(message.utf8))) == digest)
  }

  @Test func `parts give the digest of the whole`() {
    let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var hash = SHA256()
    hash.update(Array(bytes[..<1]))
    hash.update([])
    hash.update(Array(bytes[1..<700]))
    hash.update(Array(bytes[700...]))
    #expect(hash.finalize() == SHA256.digest(bytes))
  }
}
