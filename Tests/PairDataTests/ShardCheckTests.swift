import FileTestSupport
import Testing

@testable import PairData

@Suite struct ShardCheckTests {
  private let folder: TemporaryFolder
  private let picture: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    picture = try PNGWriter.encode(
      DecodedImage(width: 2, height: 2, pixels: [UInt8](repeating: 9, count: 12)))
  }

  private func findings(_ members: [(name: String, data: [UInt8])]) async throws -> [String] {
    var bytes: [UInt8] = []
    for member in members { bytes += try TarWriter.member(name: member.name, data: member.data) }
    bytes += TarWriter.end(afterBytes: Int64(bytes.count))
    let path = try folder.write(bytes, to: "pairs.tar")
    return await ShardCheck(path, taskCount: 2).findings
  }

  @Test func `the shipped shards are whole`() async {
    let path = RepositoryFiles.emoji + "/test.tar"
    #expect(await ShardCheck(path, taskCount: 2).findings == [])
  }

  @Test func `every kind of damage is a finding of its pair`() async throws {
    let found = try await findings([
      ("good.png", picture), ("good.txt", Array("好".utf8)),
      ("cut.png", Array(picture.dropLast(30))), ("cut.txt", Array("短".utf8)),
      ("text.png", picture), ("text.txt", [0xFF]),
      ("json.png", picture), ("json.json", Array("{\"zh\": ".utf8)),
      ("alone.png", picture), ("blind.txt", Array("无图".utf8)),
    ])
    let keys = ["cut", "text", "json", "alone", "blind"]
    #expect(found.count == keys.count)
    for (finding, key) in zip(found, keys) { #expect(finding.contains("pair `\(key)`")) }
  }

  @Test func `captions without a letter are damage, as they are to those who read them`()
    async throws
  {
    let found = try await findings([
      ("blank.png", picture), ("blank.txt", Array(" \n\u{3000}\n".utf8)),
      ("none.png", picture), ("none.json", Array("{\"zh\": [\" \", \"\"], \"id\": 7}".utf8)),
      ("one.png", picture), ("one.json", Array("{\"zh\": \"\", \"en\": [\"cat\"]}".utf8)),
      ("both.png", picture), ("both.txt", Array("猫".utf8)), ("both.json", Array("{}".utf8)),
    ])
    #expect(found.count == 2)
    for (finding, key) in zip(found, ["blank", "none"]) {
      #expect(finding.contains("pair `\(key)`") && finding.contains("caption is empty"))
    }
  }

  @Test func `members that are part of no pair are counted and are no damage`() async throws {
    var bytes: [UInt8] = []
    let members = [
      ("a.png", picture), ("a.txt", Array("一".utf8)), ("photo.1.png", picture), ("b.cls", [5]),
      ("README", [5]), (".hidden", [5]), ("__meta__/x", [5]), ("photo.2.png", picture),
    ]
    for (name, data) in members { bytes += try TarWriter.member(name: name, data: data) }
    bytes += TarWriter.end(afterBytes: Int64(bytes.count))
    let check = await ShardCheck(try folder.write(bytes, to: "pairs.tar"), taskCount: 2)
    #expect(check.findings == [])
    #expect(check.ignored.count == 4 && check.ignored.first == "photo.1.png")
    #expect("\(check.ignored)".contains("first dot"))
  }

  @Test func `a manifest beside the shard is believed`() async throws {
    let members = [("a.png", picture), ("a.txt", Array("一".utf8))]
    #expect(try await findings(members) == [])
    let entry = try ShardManifest.entry(forShard: "\(folder.path)/pairs.tar")
    try ShardManifest(entries: [entry]).write(toFolder: folder.path)
    #expect(try await findings(members) == [])
    let changed = try await findings([members[0], ("a.txt", Array("二".utf8))])
    #expect(changed.count == 1 && changed[0].contains("SHA-256"))
    // Of other shards it says nothing.
    let other = ShardManifest.Entry(file: "other.tar", pairs: 1, bytes: 1, sha256: entry.sha256)
    try ShardManifest(entries: [other]).write(toFolder: folder.path)
    #expect(try await findings(members) == [])
  }
}
