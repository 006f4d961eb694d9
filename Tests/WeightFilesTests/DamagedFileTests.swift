import DurableFiles
import Testing

@testable import WeightFiles

/// Real files, damaged at every place: each reading ends in numbers or in a typed error.
@Suite struct DamagedFileTests {
  @Test(arguments: ["one.pt", "one_legacy.pt", "sharded/model-00001-of-00002.safetensors"])
  func `a file cut off at any byte is refused`(_ name: String) throws {
    let bytes = try WeightFixtures.bytes(name)
    let file = try ScratchFile([])
    for count in bytes.indices {
      try file.write(Array(bytes[..<count]))
      guard case .failure = outcome(at: file.path) else {
        Issue.record("\(name) was read from its first \(count) bytes")
        continue
      }
    }
  }

  @Test(arguments: ["one.pt", "one_legacy.pt", "sharded/model-00001-of-00002.safetensors"])
  func `any byte may be any other without harm`(_ name: String) throws {
    let bytes = try WeightFixtures.bytes(name)
    let file = try ScratchFile([])
    var generator = SeededGenerator(seed: 5)
    for index in bytes.indices {
      for bit in [UInt8.random(in: 1...255, using: &generator), 0xFF] {
        var damaged = bytes
        damaged[index] ^= bit
        try file.write(damaged)
        _ = outcome(at: file.path)
      }
    }
  }

  @Test(arguments: [
    "types.pt", "script.pt", "checkpoint_numpy.pt", "types_legacy.pt", "strided_legacy.pt",
    "types.safetensors", "rebuilt_v3.pt", "types_protocol4.pt",
  ])
  func `many bits may be any others without harm`(_ name: String) throws {
    let bytes = try WeightFixtures.bytes(name)
    let file = try ScratchFile([])
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<150 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let index = Int.random(in: damaged.indices, using: &generator)
        damaged[index] ^= 1 << (generator.next() % 8)
      }
      if generator.next() % 4 == 0 {
        damaged.removeLast(Int.random(in: 0..<damaged.count, using: &generator))
      }
      try file.write(damaged)
      _ = outcome(at: file.path)
    }
  }

  /// Without the archive around it there is no checksum, so that every damage reaches the machine.
  @Test(arguments: ["types.pt", "strided.pt", "script.pt", "checkpoint_numpy.pt", "rebuilt_v3.pt"])
  func `any bit of a pickle may be the other without harm`(_ name: String) throws {
    let source = try ScratchFile(try WeightFixtures.bytes(name))
    let file = try OpenArchive(source.path)
    let scratch = try ScratchFile([])
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      var archive = file.archive
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let index = Int.random(in: archive.members[0].bytes.indices, using: &generator)
        archive.members[0].bytes[index] ^= 1 << (generator.next() % 8)
      }
      try scratch.write(archive.bytes)
      _ = outcome(at: scratch.path)
    }
    try scratch.write(file.archive.bytes)
    #expect(try outcome(at: scratch.path).get().count == readAll(source.path).count)
  }

  @Test func `every flipped bit of an archive's storages is noticed`() throws {
    let bytes = try WeightFixtures.bytes("one.pt")
    let path = WeightFixtures.path("one.pt")
    let tensor = try #require(try WeightFile.open(path)["only"])
    let file = try ScratchFile([])
    for index in tensor.byteOffset..<tensor.byteOffset + 12 {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << bit
        try file.write(damaged)
        guard case .failure(.malformed) = outcome(at: file.path) else {
          Issue.record("bit \(bit) of byte \(index)")
          continue
        }
      }
    }
  }
}

/// The members of an archive of torch.save, to be changed and put together again.
private struct OpenArchive {
  let archive: ArchiveBytes

  init(_ path: String) throws {
    let file = try OpenFile(path)
    var members = try ZipDirectory(file).members.map {
      ArchiveBytes.Member(
        name: $0.name, bytes: try file.bytes($0.payload), method: $0.isStored ? 0 : 8)
    }
    let pickle = try #require(members.firstIndex { $0.name.hasSuffix("/data.pkl") })
    members.swapAt(0, pickle)
    var archive = ArchiveBytes(pickle: [], storages: [])
    archive.members = members
    self.archive = archive
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014), so that a failure can be had again.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
