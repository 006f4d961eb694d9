import FileTestSupport
import Foundation
import Testing

@testable import DurableFiles
@testable import Training

struct EmbeddingFileTests {
  private let key = EmbeddingKey(text: #"{"tower": "a", "width": 3}"#)
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func block(_ rows: Int, seed: UInt8) -> EmbeddingBlock {
    EmbeddingBlock(
      digests: (0..<32 * rows).map { UInt8(truncatingIfNeeded: $0) ^ seed },
      isReadable: (0..<rows).map { $0 != 1 },
      values: (0..<3 * rows).map { Float($0) * 0.37 - Float(seed) })
  }

  private func header(rows: Int) -> EmbeddingFileHeader {
    EmbeddingFileHeader(
      key: key, rowCount: rows, width: 3, stamp: [UInt8](repeating: 9, count: 48))
  }

  /// Two blocks, the second of three rows.
  private func whole() -> [UInt8] {
    header(rows: 35).bytes + block(32, seed: 1).bytes(number: 0, key: key.digest)
      + block(3, seed: 2).bytes(number: 1, key: key.digest)
  }

  private func read(_ bytes: [UInt8]) throws -> EmbeddingFile {
    try EmbeddingFile(try folder.write(bytes, to: "x.embeddings"), expecting: key)
  }

  @Test func `a file gives back what was put into it`() throws {
    let file = try read(whole())
    #expect(file.blocks == [block(32, seed: 1), block(3, seed: 2)])
    #expect(file.header == header(rows: 35) && file.problem == nil && file.rowCount == 35)
    // What could not be read has no embedding.
    #expect(file.blocks[1]?.values[3..<6] == [0, 0, 0])
  }

  @Test func `a flipped bit anywhere is noticed, and costs its own block at most`() throws {
    let good = whole()
    let header = header(rows: 35)
    let second = header.place(ofBlock: 1).lowerBound
    for offset in good.indices where offset < header.byteCount + 200 || offset % 7 == 0 {
      var bytes = good
      bytes[offset] ^= UInt8(1 << (offset % 8))
      guard offset >= header.byteCount else {
        #expect(throws: FileError.self, "byte \(offset)") { try read(bytes) }
        continue
      }
      let file = try read(bytes)
      let isFirst = offset < second
      #expect((file.blocks[0] == nil) == isFirst && (file.blocks[1] == nil) != isFirst)
      #expect(file.problem?.contains("1 of 2 blocks are damaged") == true)
    }
  }

  @Test func `a file that ends early has its first blocks, one that goes on too long has all`()
    throws
  {
    let good = whole()
    let header = header(rows: 35)
    for count in stride(from: 0, to: good.count, by: 5) {
      guard count >= header.byteCount else {
        #expect(throws: FileError.self) { try read(Array(good[..<count])) }
        continue
      }
      let file = try read(Array(good[..<count]))
      #expect(file.blocks.count == (count >= header.place(ofBlock: 0).upperBound ? 1 : 0))
      #expect(file.problem?.contains("truncated: \(good.count - count) bytes") == true)
    }
    let long = try read(good + [0])
    #expect(long.rowCount == 35 && long.problem?.contains("1 bytes too many") == true)
  }

  @Test func `a block belongs to its place, its key and its file`() throws {
    let other = EmbeddingKey(text: #"{"tower": "b", "width": 3}"#)
    let second = block(3, seed: 2)
    for wrong in [
      second.bytes(number: 0, key: key.digest), second.bytes(number: 1, key: other.digest),
    ] {
      let bytes =
        header(rows: 35).bytes + block(32, seed: 1).bytes(number: 0, key: key.digest) + wrong
      let file = try read(bytes)
      #expect(file.damagedBlocks == [1] && file.blocks[0] != nil)
    }
    let path = try folder.write(whole(), to: "x.embeddings")
    let error = #expect(throws: FileError.self) { try EmbeddingFile(path, expecting: other) }
    #expect(error?.reason.contains("of another tower, precision or preprocessing") == true)
  }

  /// With a right checksum, as someone could make one on purpose.
  @Test(arguments: [
    (8, [255, 255, 255, 255]), (8, [0, 0, 1, 0]), (12, [33, 0, 0, 0]),
    (16, [255, 255, 255, 255, 255, 255, 255, 127]), (16, [255, 255, 255, 255, 255, 0, 0, 0]),
    (24, [255, 255, 255, 255]), (24, [0, 0, 0, 0]), (24, [0, 0, 16, 0]),
  ])
  func `sizes that a file states take no memory and no crash`(
    offset: Int, bytes: [UInt8]
  ) throws {
    var edited = whole()
    edited.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    let end = header(rows: 35).byteCount - 32
    edited.replaceSubrange(end..<end + 32, with: SHA256.digest(Array(edited[..<end])))
    do {
      let file = try read(edited)
      #expect(file.problem != nil && file.rowCount <= 32)
    } catch {
      #expect(error is FileError)
    }
  }

  @Test func `a foreign file and one of another version are named as such`() throws {
    let foreign = #expect(throws: FileError.self) {
      try read([UInt8](repeating: 0x41, count: 500))
    }
    #expect(foreign?.reason.contains("does not begin as a file of embeddings does") == true)
    var bytes = whole()
    bytes[7] = 2
    let version = #expect(throws: FileError.self) { try read(bytes) }
    #expect(version?.reason.contains("version 2, this program's has 1") == true)
  }
}
