import FileTestSupport
import Foundation
import Glibc
import Testing

@testable import PairData

@Suite struct ShardIndexTests {
  private let folder: TemporaryFolder
  private let path: String
  private let storage = IndexStorage.besideShard(minimumBytes: 0)

  init() throws {
    folder = try TemporaryFolder()
    path = try folder.write(
      tar(
        (0..<5).flatMap {
          [("图/\($0).txt", "c\($0)"), ("图/\($0).jpg", "i"), ("图/\($0).大.jpg", "i")]
        }), to: "a.tar")
  }

  private var indexPath: String { folder.path + "/a.tar.index" }

  private func index() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: indexPath))) }

  @Test func `an index is kept, used again and equal to the walk`() throws {
    let first = try PairShard(path: path, storage: storage)
    let written = try index()
    #expect(written.starts(with: "DUIQIIX".utf8))
    let file = try RandomAccessFile(path: path)
    let kept = ShardIndexFile.read(path: indexPath, expecting: try ShardStamp(file))
    #expect(kept == first.table)
    #expect(first.ignored.count == 5 && first.ignored.first == "图/0.大.jpg")
    #expect(kept == (try PairShard(path: path, storage: .memoryOnly)).table)
    #expect(try PairShard(path: path, storage: storage).key(at: 4) == "图/4")
  }

  @Test func `an index of another state of the shard is made anew`() throws {
    _ = try PairShard(path: path, storage: storage)
    let old = try index()
    try folder.write(tar([("9.txt", "c"), ("9.jpg", "i")]), to: "a.tar")
    #expect(try PairShard(path: path, storage: storage).key(at: 0) == "9")
    #expect(try index() != old)
    // The same size and other contents, with the time put back.
    let before = try RandomAccessFile(path: path).status
    try folder.write(tar([("8.txt", "c"), ("8.jpg", "i")]), to: "a.tar")
    var times = [
      timespec(tv_sec: Int(before.modifiedSeconds), tv_nsec: Int(before.modifiedNanoseconds)),
      timespec(tv_sec: Int(before.modifiedSeconds), tv_nsec: Int(before.modifiedNanoseconds)),
    ]
    try #require(utimensat(AT_FDCWD, path, &times, 0) == 0)
    let after = try RandomAccessFile(path: path).status
    #expect(
      after.bytes == before.bytes && after.modifiedSeconds == before.modifiedSeconds
        && after.modifiedNanoseconds == before.modifiedNanoseconds)
    #expect(try PairShard(path: path, storage: storage).key(at: 0) == "8")
  }

  @Test func `a damaged index is never believed`() throws {
    let expected = try PairShard(path: path, storage: storage).table
    let whole = try index()
    let stamp = try ShardStamp(RandomAccessFile(path: path))
    for offset in 0..<whole.count {
      var bytes = whole
      bytes[offset] ^= 0x40
      try folder.write(bytes, to: "a.tar.index")
      #expect(ShardIndexFile.read(path: indexPath, expecting: stamp) == nil)
    }
    for length in stride(from: 0, to: whole.count, by: 7) {
      try folder.write(Array(whole[..<length]), to: "a.tar.index")
      #expect(ShardIndexFile.read(path: indexPath, expecting: stamp) == nil)
    }
    #expect(try PairShard(path: path, storage: storage).table == expected)
    #expect(try index() == whole)
  }

  @Test func `tables that do not fit the shard are refused`() {
    let good = PairTable(
      keyBytes: [65], keyEnds: [1], members: [1, 5, 0, 0, 0, 0], shardBytes: 1024)
    #expect(good?.count == 1)
    let bad: [(keyBytes: [UInt8], keyEnds: [UInt32], members: [UInt32])] = [
      ([65], [2], [1, 5, 0, 0, 0, 0]), ([65], [1], [1, 5, 0, 0, 0]),
      ([65], [1], [9, 5, 0, 0, 0, 0]), ([65, 66], [2, 1], [UInt32](repeating: 0, count: 12)),
      ([65], [1], [1, 600, 0, 0, 0, 0]),
    ]
    for (keyBytes, keyEnds, members) in bad {
      #expect(
        PairTable(keyBytes: keyBytes, keyEnds: keyEnds, members: members, shardBytes: 1024) == nil)
    }
  }

  @Test func `a shard over 2 GiB is indexed and read by 64-bit offsets`() throws {
    // A sparse file: one member of 5 GiB of holes, then a pair behind it.
    let big = folder.path + "/big.tar"
    let size: Int64 = 5 << 30
    let head = try TarWriter.header(name: "hole.bin", size: size)
    let tail = try tar([("7.txt", "behind"), ("7.jpg", "i")])
    let file = try #require(fopen(big, "w"))
    fwrite(head, 1, head.count, file)
    fseeko(file, off_t(Int64(head.count) + size), SEEK_SET)
    fwrite(tail, 1, tail.count, file)
    fclose(file)
    let shard = try PairShard(path: big, storage: storage)
    #expect(shard.count == 1)
    let text = try #require(shard.members(at: 0).text)
    #expect(text.offset > size)
    #expect(try shard.open().bytes(at: text.offset, count: Int(text.size)) == Array("behind".utf8))
    let stamp = try ShardStamp(RandomAccessFile(path: big))
    #expect(
      ShardIndexFile.read(path: folder.path + "/big.tar.index", expecting: stamp) == shard.table)
  }

  @Test func `where no index can be written the walk serves`() throws {
    try FileManager.default.createDirectory(
      atPath: indexPath, withIntermediateDirectories: true)
    #expect(try PairShard(path: path, storage: storage).count == 5)
  }
}
