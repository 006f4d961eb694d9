extension Plan {
  /// Cache lines and vector loads alike are served by this alignment.
  static let alignment = 256

  /// Gives every value in the arena its offset.
  mutating func place(policy: PlacementPolicy) {
    let liveness = Liveness(self, sharing: policy == .arena)
    let buffers = Plan.packed(liveness.buffers, reusing: policy == .arena)
    for (id, home) in liveness.home {
      values[id]?.placement = .arena(
        byteOffset: buffers[home.buffer].byteOffset + home.byteOffset)
    }
    if policy == .arena { placeParameterViews() }
    arenaByteCount = buffers.map { $0.byteOffset + $0.byteCount }.max() ?? 0
  }

  /// Views of parameters point into the parameter arena.
  private mutating func placeParameterViews() {
    for step in steps {
      guard case .view(let elementOffset) = step.operation.storage,
        case .parameter(let path, let base) = self[step.inputs[0]].placement
      else { continue }
      values[step.results[0]]?.placement = .parameter(
        path: path, elementOffset: base + elementOffset)
    }
  }

  /// Largest first, each at the lowest offset where nothing that lives at the same time lies.
  ///
  /// Greedy by size; see Pisarchyk and Lee 2020, arXiv:2001.03288, section 5.2.
  static func packed(_ buffers: [Buffer], reusing: Bool) -> [Buffer] {
    var buffers = buffers
    let order = buffers.indices.sorted {
      let (left, right) = (buffers[$0], buffers[$1])
      return (right.byteCount, left.firstStep, $0) < (left.byteCount, right.firstStep, $1)
    }
    var placed: [Int] = []
    for index in order {
      var offset = 0
      // `placed` is kept in order of offset, so the first gap that fits is the lowest.
      for other in placed where !reusing || buffers[index].overlapsInTime(buffers[other]) {
        if offset + buffers[index].byteCount <= buffers[other].byteOffset { break }
        let end = buffers[other].byteOffset + buffers[other].byteCount
        offset = max(offset, (end + alignment - 1) / alignment * alignment)
      }
      buffers[index].byteOffset = offset
      let position = placed.firstIndex { buffers[$0].byteOffset > offset } ?? placed.count
      placed.insert(index, at: position)
    }
    return buffers
  }
}
