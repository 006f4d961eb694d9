import FileTestSupport
import Foundation
import Testing

@testable import PairData

@Suite struct PairShardTests {
  @Test(arguments: [
    ("a/b.seg.png", "a/b", MemberName.Kind.other), ("a.b/c.JPG", "a.b/c", .image(preference: 0)),
    ("./0.txt", "./0", .text), ("0.json", "0", .json), ("0.webp", "0", .image(preference: 3)),
    ("0.png", "0", .image(preference: 1)), ("0.jpeg", "0", .image(preference: 2)),
    ("__index__.json", "__index__", .json),
  ])
  func `a name splits at the first dot of its last component`(
    name: String, key: String, kind: MemberName.Kind
  ) throws {
    let split = try #require(MemberName(name))
    #expect(split.key == key)
    #expect(split.kind == kind)
  }

  @Test(arguments: [
    "__meta__/0.jpg", "__len__", "__MACOSX/0.jpg", ".hidden", "a/._0.jpg", "a/.DS_Store", "noext",
    "a.b/c",
  ])
  func `what belongs to no pair is passed over`(name: String) {
    #expect(MemberName(name) == nil)
  }

  @Test func `adjacent members with one key are a pair`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      tar([
        ("0.txt", "a"), ("0.cls", "5"), ("0.jpg", "i"), ("1.jpg", "i"), ("readme.md", "r"),
        ("2.png", "png"), ("2.jpg", "jpg"), ("2.json", "{}"), ("0.txt", "again"),
        ("3.jpg", "1"), ("3.jpg", "2"), ("3.txt", "t"),
      ]), to: "a.tar")
    let shard = try PairShard(path: path)
    #expect((0..<shard.count).map { shard.key(at: $0) } == ["0", "1", "2", "0", "3", "3"])
    let shape = (0..<shard.count).map { index in
      let members = shard.members(at: index)
      return [members.image, members.text, members.json].map { $0?.size ?? -1 }
    }
    #expect(
      shape == [[1, 1, -1], [1, -1, -1], [3, -1, 2], [-1, 5, -1], [1, -1, -1], [1, 1, -1]])
    let third = shard.members(at: 2)
    let bytes = try RandomAccessFile(path: path).bytes(
      at: try #require(third.image).offset, count: 3)
    #expect(bytes == Array("jpg".utf8))
    #expect(third.firstOffset == third.image?.offset)
  }

  @Test func `the emoji shards hold their pairs`() throws {
    for (name, count) in [("train", 1442), ("validation", 271), ("test", 147)] {
      let shard = try PairShard(path: "\(RepositoryFiles.emoji)/\(name).tar")
      #expect(shard.count == count)
      #expect(
        (0..<count).allSatisfy { index in
          let members = shard.members(at: index)
          return members.image != nil && members.json != nil && members.text == nil
        })
    }
    #expect(!FileManager.default.fileExists(atPath: RepositoryFiles.emoji + "/train.tar.index"))
  }

  @Test func `shards without pairs and cut shards are errors`() throws {
    let folder = try TemporaryFolder()
    let empty = try folder.write(tar([("notes.md", "x")]), to: "empty.tar")
    #expect(throws: PairDataError.emptyShard(shard: empty)) { try PairShard(path: empty) }
    let nothing = try folder.write([], to: "nothing.tar")
    #expect(
      throws: PairDataError.damagedShard(
        shard: nothing, member: nil, offset: 0, fault: .missingEnd)
    ) { try PairShard(path: nothing) }
    #expect {
      _ = try PairShard(path: folder.path + "/none.tar")
    } throws: { error in
      guard case .fileFailure(.open, _, _) = error as? PairDataError else { return false }
      return true
    }
  }

  @Test func `a shard that changed after it was indexed is an error`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(tar([("0.txt", "a"), ("0.jpg", "i")]), to: "a.tar")
    let shard = try PairShard(path: path)
    try folder.write(
      tar((0..<9).map { ("\($0).txt", String(repeating: "b", count: 900)) }), to: "a.tar")
    #expect {
      _ = try shard.open()
    } throws: { error in
      guard case .shardChanged = error as? PairDataError else { return false }
      return true
    }
  }

  @Test func `a set numbers the pairs of all shards`() throws {
    let set = try PairSet(patterns: ["{test,validation}.tar"], folder: RepositoryFiles.emoji)
    #expect(set.count == 147 + 271)
    #expect(set[0].key == "0035-20e3")
    #expect(set[146].shardIndex == 0)
    #expect(set[147].shardIndex == 1)
    #expect(set[147].key == set.shards[1].key(at: 0))
    #expect(set[417].key == set.shards[1].key(at: 270))
    let other = try PairSet(patterns: ["test.tar"], folder: RepositoryFiles.emoji)
    #expect(set.fingerprint.count == 64)
    #expect(set.fingerprint != other.fingerprint)
  }
}

/// A whole tar of members given by name and text.
func tar(_ members: [(name: String, text: String)]) throws -> [UInt8] {
  try tar(members.map { ($0.name, Array($0.text.utf8)) })
}

/// A whole tar of members given by name and bytes.
func tar(_ members: [(name: String, bytes: [UInt8])]) throws -> [UInt8] {
  var archive: [UInt8] = []
  for member in members {
    archive += try TarWriter.member(name: member.name, data: member.bytes)
  }
  return archive + TarWriter.end(afterBytes: Int64(archive.count))
}
