/// The best so far of documents that are offered one after another.
struct NearestDocuments {
  struct Entry: Equatable {
    let row: Int
    let key: String
    let score: Float

    /// By score; equal ones by the bytes of their keys, then as they lie.
    func isBetter(than other: Entry) -> Bool {
      if score != other.score { return score > other.score }
      if key != other.key { return key.utf8.lexicographicallyPrecedes(other.key.utf8) }
      return row < other.row
    }
  }

  private let limit: Int
  /// Best first.
  private(set) var entries: [Entry] = []

  init(limit: Int) {
    self.limit = limit
  }

  /// - Parameter score: what is not a number counts as the worst.
  mutating func offer(_ row: Int, key: String, score: Float) {
    let entry = Entry(row: row, key: key, score: score.isNaN ? -.infinity : score)
    if entries.count == limit {
      guard let worst = entries.last, entry.isBetter(than: worst) else { return }
      entries.removeLast()
    }
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entry.isBetter(than: entries[middle]) { high = middle } else { low = middle + 1 }
    }
    entries.insert(entry, at: low)
  }
}
