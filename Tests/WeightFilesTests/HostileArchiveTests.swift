import Testing

@testable import WeightFiles

@Suite struct HostileArchiveTests {
  typealias Change = @Sendable (inout ArchiveBytes) -> Void

  private static func archive(
    _ name: String, _ verdict: HostileCase.Verdict, _ change: Change
  ) -> HostileCase {
    var archive = ArchiveBytes(pickle: ArchiveBytes.oneTensor)
    change(&archive)
    return HostileCase(name, verdict, archive.bytes)
  }

  static let members: [HostileCase] = [
    archive("the sound archive the others are made from", .read) { _ in },
    archive("checksums left out", .read) { archive in
      for index in archive.members.indices { archive.members[index].checksum = 0 }
    },
    archive("a compressed member that no tensor needs", .read) {
      $0["a/code/model.py"] = .init(name: "a/code/model.py", bytes: [1, 2, 3], method: 8)
    },
    archive("sizes in zip64 fields", .read) { archive in
      for index in archive.members.indices { archive.members[index].isWide = true }
    },
    archive("a zip64 field that ends early", .malformed) {
      $0["a/data/0"].isWide = true
      $0["a/data/0"].wideBytes = 20
    },
    archive("a zip64 size of 2^64 - 1", .malformed) {
      $0["a/data/0"].isWide = true
      $0["a/data/0"].statedBytes = .max
    },
    archive("a zip64 size of 2^63 - 1", .malformed) {
      $0["a/data/0"].isWide = true
      $0["a/data/0"].statedBytes = UInt64(Int64.max)
    },
    archive("a zip64 place of 2^63 - 1", .malformed) {
      $0["a/data/0"].isWide = true
      $0["a/data/0"].statedOffset = UInt64(Int64.max)
    },
    archive("a wrong checksum of a storage", .malformed) { $0["a/data/0"].checksum = 1 },
    archive("a wrong checksum of the pickle", .malformed) { $0["a/data.pkl"].checksum = 1 },
    archive("a wrong checksum of the version", .malformed) { $0["a/version"].checksum = 1 },
    archive("an encrypted member", .unsupported) { $0["a/data/0"].flags = 1 },
    archive("a compressed storage", .unsupported) { $0["a/data/0"].method = 8 },
    archive("a compressed pickle", .unsupported) { $0["a/data.pkl"].method = 8 },
    archive("an unknown compression", .unsupported) { $0["a/data/0"].method = 99 },
    archive("a member inside another", .malformed) { $0["a/version"].statedOffset = 4 },
    archive("two members in one place", .malformed) { $0["a/data/0"].statedOffset = 0 },
    archive("a member that reaches into the next", .malformed) {
      $0.members[0].statedBytes = UInt64($0.members[0].bytes.count + 1)
    },
    archive("a member that no tensor needs and that reaches into the next", .malformed) {
      $0.members.insert(.init(name: "a/code/x", bytes: [1], checksum: 0, statedBytes: 2), at: 0)
    },
    archive("a sound member inside the bytes of another", .malformed) {
      let inner = ArchiveBytes.Member(name: "a/code/x", bytes: [1])
      $0.members.insert(
        .init(name: "a/code/y", bytes: ArchiveBytes.localHeader(of: inner) + inner.bytes), at: 0)
      $0.members.append(inner)
      $0["a/code/x"].statedOffset = UInt64(30 + "a/code/y".utf8.count)
    },
    archive("a member that reaches into the directory", .malformed) {
      $0.members[2].statedBytes = 3
    },
    archive("a member of 4 GB", .malformed) { $0["a/data/0"].statedBytes = 0xFFFF_FFFE },
    archive("a member of 2^32 - 1 bytes without a zip64 field", .malformed) {
      $0["a/data/0"].statedBytes = 0xFFFF_FFFF
    },
    archive("a member behind the directory", .malformed) {
      $0["a/data/0"].statedOffset = 0xFFFF_FFFE
    },
    archive("another name at the member itself", .malformed) {
      $0["a/data/0"].localName = "a/data/1"
    },
    archive("a name twice", .malformed) { $0.members.append($0["a/data/0"]) },
    archive("a name that leads out of the folder", .malformed) {
      $0["a/../b"] = .init(name: "a/../b", bytes: [])
    },
    archive("a name from the root of the disk", .malformed) {
      $0["/a/b"] = .init(name: "/a/b", bytes: [])
    },
    archive("a name with a backslash", .malformed) {
      $0["a\\b"] = .init(name: "a\\b", bytes: [])
    },
    archive("a name with a null", .malformed) {
      $0["a/\0"] = .init(name: "a/\0", bytes: [])
    },
    archive("a name with an empty part", .malformed) {
      $0["a//b"] = .init(name: "a//b", bytes: [])
    },
    archive("more members stated than there are", .malformed) { $0.statedCount = 4 },
    archive("fewer members stated than there are", .malformed) { $0.statedCount = 2 },
    archive("no members", .unknownFormat) { $0.members = [] },
    archive("no version", .malformed) { archive in
      archive.members.removeAll { $0.name == "a/version" }
    },
    archive("a version to come", .malformed) { $0["a/version"].bytes = Array("11\n".utf8) },
    archive("a version of letters", .malformed) { $0["a/version"].bytes = Array("three".utf8) },
    archive("a version of 64 KB", .beyondLimit) {
      $0["a/version"].bytes = .init(repeating: 0x33, count: 65_536)
    },
    archive("big-endian numbers", .unsupported) {
      $0["a/byteorder"] = .init(name: "a/byteorder", bytes: Array("big".utf8))
    },
    archive("no pickle", .malformed) { archive in
      archive.members.removeAll { $0.name == "a/data.pkl" }
    },
    archive("a second folder", .malformed) {
      $0["b/data.pkl"] = .init(name: "b/data.pkl", bytes: ArchiveBytes.oneTensor)
    },
    archive("members without a folder", .malformed) { archive in
      archive.members = archive.members.map {
        .init(name: String($0.name.dropFirst(2)), bytes: $0.bytes)
      }
    },
  ]

  static let others: [HostileCase] = [
    HostileCase("an empty file", .unknownFormat, []),
    HostileCase("one byte", .unknownFormat, [0x50]),
    HostileCase("the first four bytes of an archive", .malformed, [0x50, 0x4B, 3, 4]),
    HostileCase("a bare pickle", .unknownFormat, ArchiveBytes.oneTensor),
    HostileCase(
      "a tar file", .unknownFormat,
      .init(repeating: 0x61, count: 257) + "ustar".utf8 + .init(repeating: 0, count: 300)),
    HostileCase(
      "two end records, the first hidden in the comment of none", .malformed,
      ArchiveBytes(pickle: ArchiveBytes.oneTensor).bytes + [0]),
    HostileCase(
      "a stream whose machine was big-endian", .unsupported,
      LegacyBytes.file(
        object: PickleBytes.make { $0.op(.emptyDict) }, storages: [], isLittleEndian: false)),
    HostileCase(
      "a stream with bytes at its end", .malformed,
      LegacyBytes.file(object: PickleBytes.make { $0.op(.emptyDict) }, storages: []) + [0]),
    HostileCase(
      "a stream with a storage of no tensor", .malformed,
      LegacyBytes.file(
        object: PickleBytes.make { $0.op(.emptyDict) },
        storages: [("0", ArchiveBytes.threeFloats)])),
    HostileCase(
      "a stream with a storage twice", .malformed,
      LegacyBytes.file(
        object: ArchiveBytes.oneTensor,
        storages: [("0", ArchiveBytes.threeFloats), ("0", ArchiveBytes.threeFloats)])),
    HostileCase(
      "a stream with a storage too short", .malformed,
      LegacyBytes.file(object: ArchiveBytes.oneTensor, storages: [("0", [0, 0, 0, 0])])),
    HostileCase(
      "a stream without its storage", .malformed,
      LegacyBytes.file(object: ArchiveBytes.oneTensor, storages: [])),
    HostileCase(
      "a stream with a forbidden name", .forbidden("os.system"),
      LegacyBytes.file(
        object: PickleBytes.make { $0.call("os", "system") { $0.text("id") } }, storages: [])),
    HostileCase(
      "a stream of two sizes of one storage", .malformed,
      LegacyBytes.file(
        object: PickleBytes.make { pickle in
          pickle.entry("w") { $0.tensor() }
          pickle.text("v")
          pickle.tensor(count: 2, shape: [2])
          pickle.op(.setItem)
        }, storages: [("0", ArchiveBytes.threeFloats)])),
  ]

  @Test(arguments: members)
  func `an archive is what it says, or refused`(_ hostile: HostileCase) throws {
    try hostile.check()
  }

  @Test(arguments: others)
  func `another beginning or a faulty stream is refused`(_ hostile: HostileCase) throws {
    try hostile.check()
  }

  @Test func `the checksum is the one of the standard's check value`() {
    var sum = CRC32()
    Array("123456789".utf8).withUnsafeBytes { sum.update($0) }
    #expect(sum.value == 0xCBF4_3926)
  }
}
