/// Small numbers for contents, equal where the contents are equal, in order of first appearance.
struct ContentGroups {
  private var numbers: [ContentDigest: Int32] = [:]

  /// The number of a content within this batch.
  mutating func number(of digest: ContentDigest) -> Int32 {
    if let known = numbers[digest] { return known }
    let new = Int32(numbers.count)
    numbers[digest] = new
    return new
  }

  /// The numbers of several contents.
  static func numbers(of digests: [ContentDigest]) -> [Int32] {
    var groups = ContentGroups()
    return digests.map { groups.number(of: $0) }
  }
}
