import FileTestSupport
import Glibc
import Testing

@testable import PairData

@Suite struct TarReaderTests {
  static let longName =
    "pictures/" + String(repeating: "a-long-folder-name/", count: 6) + "0002"

  /// Header offset, data offset and size of each member, as Python's tarfile prints them.
  static let expected: [(file: String, places: [(Int64, Int64, Int64)])] = [
    (
      "ustar.tar",
      [
        (0, 512, 0), (512, 1024, 11), (1536, 2048, 10), (2560, 3072, 0), (3072, 3584, 2),
        (4096, 4608, 513), (5632, 6144, 21),
      ]
    ),
    (
      "pax.tar",
      [
        (0, 1536, 0), (1536, 3072, 11), (3584, 5120, 10), (5632, 7168, 0), (7168, 8704, 2),
        (9216, 10752, 513), (11776, 13312, 21),
      ]
    ),
    (
      "gnu.tar",
      [
        (0, 512, 0), (512, 1024, 11), (1536, 2048, 10), (2560, 3072, 0), (3072, 3584, 2),
        (4096, 5632, 513), (6656, 8192, 21),
      ]
    ),
  ]

  @Test(arguments: expected.indices)
  func `members lie where Python's tarfile finds them`(index: Int) throws {
    let (file, places) = Self.expected[index]
    let folder = try TemporaryFolder()
    let members = try tarMembers(try RepositoryFiles.fixture("tar/" + file), in: folder)
    let stem = Self.longName + (file == "ustar.tar" ? "" : "猫")
    #expect(
      members.map(\.name) == [
        "folder/", "0001.jpg", "0001.txt", "link.jpg", "__meta__/0000.jpg", stem + ".png",
        stem + ".json",
      ])
    #expect(members.map(\.isRegular) == [false, true, true, false, true, true, true])
    for (member, place) in zip(members, places) {
      #expect(member.headerOffset == place.0)
      #expect(member.offset == place.1)
      #expect(member.size == place.2)
    }
  }

  /// Every byte of the smallest archive; of the others, a step that meets all places in a block.
  @Test(arguments: [("ustar.tar", 1), ("pax.tar", 61), ("gnu.tar", 61)])
  func `an archive cut at any byte is reported, never taken for whole`(
    file: String, step: Int
  ) throws {
    let whole = try RepositoryFiles.fixture("tar/" + file)
    let folder = try TemporaryFolder()
    let end = try #require(try tarMembers(whole, in: folder).last)
    let contentEnd = Int((end.offset + end.size + 511) / 512 * 512) + 1024
    let path = try folder.write(Array(whole[..<contentEnd]), to: "cut.tar")
    #expect(try tarMembers(at: path).count == 7)
    for length in stride(from: contentEnd - 1, through: 0, by: -step) {
      try #require(truncate(path, length) == 0)
      #expect {
        _ = try tarMembers(at: path)
      } throws: { error in
        guard case .damagedShard(_, _, let offset, let fault) = error as? PairDataError else {
          return false
        }
        switch fault {
        case .missingEnd: return offset == Int64(length)
        case .truncatedHeader: return offset <= Int64(length)
        case .truncatedData(let missing): return missing > 0 && offset <= Int64(length)
        default: return false
        }
      }
    }
  }

  @Test func `an archive cut at a member's border misses its end`() throws {
    let whole = try RepositoryFiles.fixture("tar/ustar.tar")
    let folder = try TemporaryFolder()
    #expect(try fault(of: Array(whole[..<2560]), in: folder) == .missingEnd)
    #expect(try fault(of: Array(whole[..<2561]), in: folder) == .truncatedHeader)
    #expect(try fault(of: Array(whole[..<2048]), in: folder) == .truncatedData(missing: 512))
  }

  @Test func `a flipped bit in a header breaks its checksum`() throws {
    var bytes = try RepositoryFiles.fixture("tar/ustar.tar")
    bytes[512] ^= 1
    let folder = try TemporaryFolder()
    guard case .checksum = try fault(of: bytes, in: folder) else {
      Issue.record("expected a checksum fault")
      return
    }
  }

  @Test func `hostile sizes are typed errors`() throws {
    let folder = try TemporaryFolder()
    let sizes: [(field: [UInt8], fault: TarFault)] = [
      ([0xFF] + [UInt8](repeating: 0xFF, count: 11), .negativeNumber(field: "size")),
      ([0x80, 0xFF] + [UInt8](repeating: 0xFF, count: 10), .numberTooLarge(field: "size")),
      (
        [0x80, 0, 0, 0, 0x7F] + [UInt8](repeating: 0xFF, count: 7),
        .numberTooLarge(field: "size")
      ),
      (Array("-1".utf8), .malformedNumber(field: "size")),
      (Array("0x10".utf8), .malformedNumber(field: "size")),
      (Array("77777777777".utf8), .truncatedData(missing: 8_589_934_592 - 1024)),
    ]
    for (field, expected) in sizes {
      let bytes = tarBlock(name: "0001.jpg", sizeField: field) + [UInt8](repeating: 0, count: 1024)
      #expect(try fault(of: bytes, in: folder) == expected, "\(field)")
    }
  }

  @Test func `a base-256 size is read`() throws {
    let folder = try TemporaryFolder()
    let field: [UInt8] = [0x80] + [UInt8](repeating: 0, count: 9) + [0x02, 0x01]
    let bytes =
      tarBlock(name: "a.jpg", sizeField: field) + [UInt8](repeating: 9, count: 1024)
      + [UInt8](repeating: 0, count: 1024)
    #expect(try tarMembers(bytes, in: folder).map(\.size) == [513])
  }

  @Test func `extended headers are bounded and checked`() throws {
    let folder = try TemporaryFolder()
    let rest = [UInt8](repeating: 0, count: 2048)
    let huge = tarBlock(name: "x", sizeField: Array("10000000000".utf8), type: "x") + rest
    #expect(
      try fault(of: huge, in: folder)
        == .extendedHeaderTooLarge(bytes: 1 << 30, limit: 1 << 20))
    for record in ["99999999999999999999 path=a\n", "5 path=a\n", "9 path=a", "path=a\n", "3 \n"] {
      var data = Array(record.utf8)
      let size = Array(String(data.count, radix: 8).utf8)
      data += [UInt8](repeating: 0, count: 512 - data.count)
      let bytes = tarBlock(name: "x", sizeField: size, type: "x") + data + rest
      #expect(try fault(of: bytes, in: folder) == .malformedExtendedHeader, "\(record)")
    }
    let dangling = tarBlock(name: "x", sizeField: Array("0".utf8), type: "L") + rest
    #expect(try fault(of: dangling, in: folder) == .danglingExtendedHeader)
    let sparse = tarBlock(name: "s.jpg", sizeField: Array("0".utf8), type: "S") + rest
    #expect(try fault(of: sparse, in: folder) == .unsupportedMember(type: "S"))
  }

  @Test func `a PAX size overrides the header's`() throws {
    let folder = try TemporaryFolder()
    let data = Array("13 size=1000\n".utf8) + [UInt8](repeating: 0, count: 512 - 13)
    let bytes =
      tarBlock(name: "x", sizeField: Array("15".utf8), type: "x") + data
      + tarBlock(name: "a.jpg", sizeField: Array("0".utf8))
      + [UInt8](repeating: 1, count: 1024) + [UInt8](repeating: 0, count: 1024)
    #expect(try tarMembers(bytes, in: folder).map(\.size) == [1000])
  }

  @Test func `old V7 archives and PAX global headers are read`() throws {
    let folder = try TemporaryFolder()
    let end = [UInt8](repeating: 0, count: 1024)
    let data = [UInt8](repeating: 1, count: 512)
    // V7 has no magic and marks a folder by its slash; here with a NUL for the type as well.
    let old =
      tarBlock(name: "d/", sizeField: Array("0".utf8), type: "\0", magic: [])
      + tarBlock(name: "d/a.jpg", sizeField: Array("5".utf8), type: "\0", magic: []) + data + end
    let members = try tarMembers(old, in: folder)
    #expect(members.map(\.name) == ["d/", "d/a.jpg"])
    #expect(members.map(\.isRegular) == [false, true])
    let comment = Array("20 comment=revision\n".utf8) + [UInt8](repeating: 0, count: 492)
    let global =
      tarBlock(name: "pax_global_header", sizeField: Array("24".utf8), type: "g") + comment
      + tarBlock(name: "a.jpg", sizeField: Array("5".utf8)) + data + end
    #expect(try tarMembers(global, in: folder).map(\.name) == ["a.jpg"])
  }

  @Test func `links, devices and pipes have no data, whatever their size says`() throws {
    let folder = try TemporaryFolder()
    for type in ["1", "2", "3", "4", "5", "6"] as [Unicode.Scalar] {
      let bytes =
        tarBlock(name: "l.jpg", sizeField: Array("7777".utf8), type: type)
        + tarBlock(name: "a.jpg", sizeField: Array("0".utf8)) + [UInt8](repeating: 0, count: 1024)
      let members = try tarMembers(bytes, in: folder)
      #expect(members.map(\.name) == ["l.jpg", "a.jpg"], "type \(type)")
      #expect(members.map(\.isRegular) == [false, true])
    }
  }

  @Test(
    arguments: [
      ([0x1F, 0x8B, 8, 0], "gzip"), ([0x42, 0x5A, 0x68, 0x39, 0x31, 0x41], "bzip2"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    ] as [([UInt8], String)])
  func `a compressed archive is named as such`(magic: [UInt8], format: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(magic + [UInt8](repeating: 3, count: 900), to: "a.tar")
    #expect(throws: PairDataError.compressedShard(shard: path, format: format)) {
      _ = try TarReader(path: path)
    }
  }

  @Test func `random bytes after a whole header never trap`() throws {
    let folder = try TemporaryFolder()
    var random = CounterRandom(seed: 1, purpose: .shuffle, epoch: 0, pair: 0)
    let whole = try RepositoryFiles.fixture("tar/gnu.tar")
    for _ in 0..<400 {
      var bytes = whole
      let place = Int.random(in: 0..<9000, using: &random)
      for offset in place..<(place + Int.random(in: 1..<40, using: &random)) {
        bytes[offset] = UInt8.random(in: 0...255, using: &random)
      }
      _ = try? tarMembers(bytes, in: folder)
    }
  }
}

/// All members of an archive given as bytes.
func tarMembers(_ bytes: [UInt8], in folder: TemporaryFolder) throws -> [TarReader.Member] {
  try tarMembers(at: try folder.write(bytes, to: "test.tar"))
}

private func tarMembers(at path: String) throws -> [TarReader.Member] {
  var reader = try TarReader(path: path)
  var members: [TarReader.Member] = []
  while let member = try reader.next() { members.append(member) }
  return members
}

private func fault(of bytes: [UInt8], in folder: TemporaryFolder) throws -> TarFault? {
  do {
    _ = try tarMembers(bytes, in: folder)
    return nil
  } catch PairDataError.damagedShard(_, _, _, let fault) {
    return fault
  }
}

/// A header block with any size field and a right checksum.
func tarBlock(
  name: String, sizeField: [UInt8], type: Unicode.Scalar = "0",
  magic: [UInt8] = Array("ustar\u{0}00".utf8)
) -> [UInt8] {
  var block = [UInt8](repeating: 0, count: 512)
  block.replaceSubrange(0..<name.utf8.count, with: name.utf8)
  block.replaceSubrange(124..<(124 + sizeField.count), with: sizeField)
  block.replaceSubrange(148..<156, with: repeatElement(0x20, count: 8))
  block[156] = UInt8(ascii: type)
  block.replaceSubrange(257..<(257 + magic.count), with: magic)
  let digits = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
  let text = String(repeating: "0", count: 6 - digits.utf8.count) + digits + "\u{0} "
  block.replaceSubrange(148..<156, with: text.utf8)
  return block
}
