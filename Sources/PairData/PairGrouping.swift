/// Gathers adjacent members with one key into pairs, as WebDataset groups its samples.
///
/// A change of key closes a pair. A second member of the same kind under one key begins a new pair
/// (as OpenCLIP does), except that of images with different extensions the preferred one is kept.
/// A group without image, text and JSON is no pair; what is none of the three is counted.
struct PairGrouping {
  private(set) var table = PairTable()
  private var key: String?
  private var pair = PairMembers()
  private var seenImages: Set<Int> = []
  private var preference = 0

  mutating func add(_ member: TarReader.Member) throws(TarFault) {
    guard member.isRegular else { return }
    guard let name = MemberName(member.name) else {
      if MemberName.isUndotted(member.name) { table.ignored.add(member.name) }
      return
    }
    if key != String(name.key) || repeats(name.kind) {
      try close()
      key = String(name.key)
    }
    let extent = PairMembers.Extent(offset: member.offset, size: member.size)
    switch name.kind {
    case .image(let preference):
      seenImages.insert(preference)
      if pair.image == nil || preference < self.preference {
        pair.image = extent
        self.preference = preference
      }
    case .text: pair.text = extent
    case .json: pair.json = extent
    case .other: table.ignored.add(member.name)
    }
  }

  /// Closes the last pair of the shard.
  mutating func close() throws(TarFault) {
    if let key, pair != PairMembers() { try table.append(key: key, pair) }
    key = nil
    pair = PairMembers()
    seenImages = []
  }

  private func repeats(_ kind: MemberName.Kind) -> Bool {
    switch kind {
    case .image(let preference): seenImages.contains(preference)
    case .text: pair.text != nil
    case .json: pair.json != nil
    case .other: false
    }
  }
}
