@testable import WeightFiles

/// A zip archive put together with whatever faults a test asks for.
struct ArchiveBytes {
  struct Member {
    var name: String
    var bytes: [UInt8]
    var method: UInt64 = 0
    var flags: UInt64 = 0
    var checksum: UInt32?
    /// What the directory claims, where that is not the truth.
    var statedBytes: UInt64?
    var statedOffset: UInt64?
    var localName: String?
    /// Whether the directory gives sizes and place in a zip64 field, as for members over 4 GB.
    var isWide = false
    /// The length that a zip64 field has, where it is not that of three numbers.
    var wideBytes: Int?

    var size: UInt64 { statedBytes ?? UInt64(bytes.count) }

    var storedChecksum: UInt64 {
      var sum = CRC32()
      bytes.withUnsafeBytes { sum.update($0) }
      return UInt64(checksum ?? sum.value)
    }
  }

  var members: [Member]
  var statedCount: Int?

  /// The archive of torch.save with this pickle and the storages `data/0` and so on.
  init(pickle: [UInt8], storages: [[UInt8]] = [ArchiveBytes.threeFloats]) {
    members = [Member(name: "a/data.pkl", bytes: pickle)]
    for (index, bytes) in storages.enumerated() {
      members.append(Member(name: "a/data/\(index)", bytes: bytes))
    }
    members.append(Member(name: "a/version", bytes: Array("3\n".utf8)))
  }

  static let threeFloats: [UInt8] = [1, 2, 3].flatMap {
    PickleBytes.little(UInt64(Float($0).bitPattern), byteCount: 4)
  }

  static let oneTensor = PickleBytes.make { $0.entry("w") { $0.tensor() } }

  subscript(name: String) -> Member {
    get { members.first { $0.name == name } ?? Member(name: name, bytes: []) }
    set {
      members.removeAll { $0.name == name }
      members.append(newValue)
    }
  }

  static func localHeader(of member: Member) -> [UInt8] {
    let name = Array((member.localName ?? member.name).utf8)
    return little(0x0403_4B50, 4) + little(20, 2) + little(member.flags, 2)
      + little(member.method, 2) + little(0, 4) + little(member.storedChecksum, 4)
      + little(member.size, 4) + little(member.size, 4) + little(UInt64(name.count), 2)
      + little(0, 2) + name
  }

  var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for member in members {
      let offset = UInt64(file.count)
      file += Self.localHeader(of: member) + member.bytes
      let name = Array(member.name.utf8)
      directory += little(0x0201_4B50, 4) + little(20, 2) + little(20, 2)
      directory += little(member.flags, 2) + little(member.method, 2) + little(0, 4)
      let place = member.statedOffset ?? offset
      let extra = member.isWide ? wideField(member, place) : []
      let size = member.isWide ? 0xFFFF_FFFF : member.size
      directory +=
        little(member.storedChecksum, 4) + little(size, 4) + little(size, 4)
      directory +=
        little(UInt64(name.count), 2) + little(UInt64(extra.count), 2) + little(0, 4)
      directory +=
        little(0, 6) + little(member.isWide ? 0xFFFF_FFFF : place, 4) + name + extra
    }
    let start = UInt64(file.count)
    let count = UInt64(statedCount ?? members.count)
    return file + directory + little(0x0605_4B50, 4) + little(0, 4)
      + little(count, 2)
      + little(count, 2) + little(UInt64(directory.count), 4) + little(start, 4)
      + little(0, 2)
  }

  /// A field of another kind, then that of zip64.
  private func wideField(_ member: Member, _ place: UInt64) -> [UInt8] {
    let field = Array(
      (little(member.size, 8) + little(member.size, 8) + little(place, 8))
        .prefix(member.wideBytes ?? 24))
    return little(0x4246, 2) + little(3, 2) + [90, 90, 90]
      + little(1, 2) + little(UInt64(field.count), 2) + field
  }
}

private func little(_ value: UInt64, _ byteCount: Int) -> [UInt8] {
  PickleBytes.little(value, byteCount: byteCount)
}
