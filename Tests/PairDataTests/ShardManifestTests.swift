import FileTestSupport
import Testing

@testable import PairData

@Suite struct ShardManifestTests {
  private static let zerosDigest =
    "8bffb1767387df49f96a616f6b15c5e564f3716c7a566f2a3830e2e0e4f16b16"
  private let folder: TemporaryFolder
  private let shard: String

  init() throws {
    folder = try TemporaryFolder()
    shard = try folder.write(tar([("0.txt", "a"), ("0.jpg", "i")]), to: "a.tar")
  }

  @Test func `a manifest is written, read back and verified`() throws {
    let manifest = ShardManifest(entries: [try ShardManifest.entry(forShard: shard)])
    try manifest.write(toFolder: folder.path)
    let path = folder.path + "/manifest.jsonl"
    #expect(try ShardManifest(path: path) == manifest)
    #expect(manifest.entries[0].file == "a.tar")
    #expect(manifest.entries[0].pairs == 1)
    #expect(manifest.entries[0].bytes == 10_240)
    #expect(manifest.verify(folder: folder.path) == [])
  }

  @Test func `the digest is the file's SHA-256`() throws {
    // Of 2 MiB and three bytes of zeros, by sha256sum: the file is read in pieces.
    let path = try folder.write([UInt8](repeating: 0, count: (2 << 20) + 3), to: "zeros")
    #expect(
      try ContentDigest(file: RandomAccessFile(path: path)).hexadecimal == Self.zerosDigest)
  }

  @Test func `damage to a shard is found and named`() throws {
    let manifest = ShardManifest(entries: [try ShardManifest.entry(forShard: shard)])
    var bytes = try tar([("0.txt", "a"), ("0.jpg", "i")])
    bytes[512] ^= 1
    try folder.write(bytes, to: "a.tar")
    guard case .manifestMismatch(shard, _) = manifest.verify(folder: folder.path).first else {
      Issue.record("expected a mismatch")
      return
    }
    try folder.write(Array(bytes.dropLast(512)), to: "a.tar")
    let findings = manifest.verify(folder: folder.path)
    #expect(findings.first?.description.contains("found 9728 bytes") == true)
    let entry = manifest.entries[0]
    let other = ShardManifest.Entry(
      file: "b.tar", pairs: 2, bytes: entry.bytes, sha256: entry.sha256)
    #expect(ShardManifest(entries: [other]).verify(folder: folder.path).count == 1)
  }

  @Test(arguments: [
    "", "{}", "x", #"{"file": "a.tar", "pairs": 1, "bytes": 1}"#,
    #"{"file": "../a.tar", "pairs": 1, "bytes": 1, "sha256": "HASH"}"#,
    #"{"file": "a.tar", "pairs": -1, "bytes": 1, "sha256": "HASH"}"#,
    #"{"file": "a.tar", "pairs": 1.5, "bytes": 1, "sha256": "HASH"}"#,
    #"{"file": "a.tar", "pairs": 1, "bytes": 1, "sha256": "abc"}"#,
    #"{"file": "a.tar", "pairs": 1, "bytes": 1, "sha256": "HASH", "x": 1}"#,
  ])
  func `lines that say something else are refused by number`(line: String) throws {
    let hash = String(repeating: "0a", count: 32)
    let good = #"{"file": "z.tar", "pairs": 1, "bytes": 1, "sha256": "\#(hash)"}"#
    let text = good + "\n" + line.replacing("HASH", with: hash) + "\n"
    let path = try folder.write(Array(text.utf8), to: "manifest.jsonl")
    #expect {
      _ = try ShardManifest(path: path)
    } throws: { error in
      guard case .malformedManifest(path, 2, _) = error as? PairDataError else { return false }
      return true
    }
  }
}
