/// The pairs of one shard in compact form: about 30 bytes and the key for each.
///
/// A member is kept as (block, size): its data offset divided by 512, which 32 bits hold up to
/// 2 TiB, and its size, where `UInt32.max` stands for "too large to be a member of a pair".
struct PairTable: Equatable, Sendable {
  /// Words of a pair in `members`: image, text and JSON, each (block, size), block 0 for none.
  static let wordsPerPair = 6

  private(set) var keyBytes: [UInt8] = []
  /// Where each pair's key ends in `keyBytes`.
  private(set) var keyEnds: [UInt32] = []
  private(set) var members: [UInt32] = []
  var ignored = IgnoredMembers()

  init() {}

  /// Takes arrays from an index file. - Returns: nil unless they fit each other and the shard.
  init?(
    keyBytes: [UInt8], keyEnds: [UInt32], members: [UInt32],
    ignored: IgnoredMembers = IgnoredMembers(), shardBytes: Int64
  ) {
    guard members.count == keyEnds.count * Self.wordsPerPair,
      Int(keyEnds.last ?? 0) == keyBytes.count,
      zip(keyEnds, keyEnds.dropFirst()).allSatisfy({ $0 <= $1 })
    else { return nil }
    for word in stride(from: 0, to: members.count, by: 2) where members[word] != 0 {
      let isCapped = members[word + 1] == .max
      let end = Int64(members[word]) * 512 + (isCapped ? 0 : Int64(members[word + 1]))
      guard end <= shardBytes else { return nil }
    }
    self.keyBytes = keyBytes
    self.keyEnds = keyEnds
    self.members = members
    self.ignored = ignored
  }

  var count: Int { keyEnds.count }

  func key(at index: Int) -> String {
    let start = index == 0 ? 0 : Int(keyEnds[index - 1])
    return String(decoding: keyBytes[start..<Int(keyEnds[index])], as: UTF8.self)
  }

  func members(at index: Int) -> PairMembers {
    let base = index * Self.wordsPerPair
    return PairMembers(
      image: extent(base), text: extent(base + 2), json: extent(base + 4))
  }

  private func extent(_ word: Int) -> PairMembers.Extent? {
    guard members[word] != 0 else { return nil }
    return .init(offset: Int64(members[word]) * 512, size: Int64(members[word + 1]))
  }

  /// Adds a pair. - Throws: `archiveTooLarge`.
  mutating func append(key: String, _ pair: PairMembers) throws(TarFault) {
    var words: [UInt32] = []
    for extent in [pair.image, pair.text, pair.json] {
      guard let extent else {
        words += [0, 0]
        continue
      }
      guard let block = UInt32(exactly: extent.offset / 512) else { throw .archiveTooLarge }
      words += [block, UInt32(clamping: extent.size)]
    }
    keyBytes += key.utf8
    guard let end = UInt32(exactly: keyBytes.count) else { throw .archiveTooLarge }
    keyEnds.append(end)
    members += words
  }
}

/// Where the members of one pair lie in its shard.
public struct PairMembers: Equatable, Sendable {
  /// A member's data: byte offset and length.
  public struct Extent: Equatable, Sendable {
    public let offset: Int64
    public let size: Int64
  }

  public internal(set) var image: Extent?
  public internal(set) var text: Extent?
  public internal(set) var json: Extent?

  /// Where the data of the first member begins.
  public var firstOffset: Int64 {
    [image, text, json].compactMap { $0?.offset }.min() ?? 0
  }
}
