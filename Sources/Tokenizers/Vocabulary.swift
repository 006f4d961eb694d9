/// A WordPiece vocabulary: entries in lexicographic order of their scalars, and their ids.
///
/// Entries are compared scalar by scalar. `String` would compare by canonical equivalence, and a
/// line splitter that knows Unicode would see more lines than there are (one entry is U+2028).
struct Vocabulary: Sendable {
  /// The bytes as they were given.
  let bytes: [UInt8]
  /// The scalars of all entries end to end, in the order of their ids, and where each begins.
  private let scalars: [UInt32]
  private let starts: [Int]
  /// Ids in lexicographic order of the entries.
  private let sortedIDs: [Int32]

  /// The most bytes a vocabulary may have, 64 MiB.
  static let maximumByteCount = 64 << 20

  /// Reads one entry a line; lines end in line feeds, and white space around an entry is dropped.
  init(bytes: [UInt8]) throws(TokenizerError) {
    guard !bytes.isEmpty else { throw .emptyVocabulary }
    guard bytes.count <= Self.maximumByteCount else {
      throw .vocabularyTooLarge(bytes: bytes.count, maximum: Self.maximumByteCount)
    }
    var scalars: [UInt32] = []
    var starts = [0]
    scalars.reserveCapacity(bytes.count)
    var position = 0
    while position < bytes.count {
      let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
      guard let line = String(validating: bytes[position..<end], as: UTF8.self) else {
        throw .notUTF8(line: starts.count)
      }
      let first = scalars.count
      for scalar in line.unicodeScalars
      where scalars.count > first || !Self.isWhiteSpace(scalar) { scalars.append(scalar.value) }
      while scalars.count > first, Self.isWhiteSpace(scalars[scalars.count - 1]) {
        scalars.removeLast()
      }
      starts.append(scalars.count)
      position = end + 1
    }
    self.bytes = bytes
    self.scalars = scalars
    self.starts = starts
    sortedIDs = Self.sortedIDs(scalars: scalars, starts: starts)
    try refuseDuplicates()
  }

  /// How many ids there are.
  var count: Int { sortedIDs.count }

  /// The scalars of an id's entry.
  subscript(id: Int32) -> ArraySlice<UInt32> {
    scalars[starts[Int(id)]..<starts[Int(id) + 1]]
  }

  /// The id of an entry, or nil.
  func id(of entry: String) -> Int32? {
    var candidates = Candidates(range: 0..<count, depth: 0)
    for scalar in entry.unicodeScalars { candidates = narrowed(candidates, by: scalar.value) }
    return completedID(of: candidates)
  }
}

// MARK: Look-up by growing prefixes

extension Vocabulary {
  /// The entries, in sorted order, that begin with a prefix of `depth` scalars.
  struct Candidates {
    var range: Range<Int>
    var depth: Int
  }

  /// The candidates whose prefix goes on with a scalar; two binary searches.
  func narrowed(_ candidates: Candidates, by scalar: UInt32) -> Candidates {
    let depth = candidates.depth
    let first = partition(candidates.range) { key(at: $0, depth) < Int64(scalar) }
    // Most prefixes go on in few ways, so the end is sought in growing strides from the start.
    var stride = 1
    var low = first
    while low + stride < candidates.range.upperBound,
      key(at: low + stride - 1, depth) <= Int64(scalar)
    {
      low += stride
      stride *= 2
    }
    let high = min(low + stride, candidates.range.upperBound)
    let end = partition(low..<high) { key(at: $0, depth) <= Int64(scalar) }
    return Candidates(range: first..<end, depth: depth + 1)
  }

  /// The id of the entry that is exactly the candidates' prefix; the shortest sorts first.
  func completedID(of candidates: Candidates) -> Int32? {
    guard let first = candidates.range.first else { return nil }
    let id = sortedIDs[first]
    return starts[Int(id) + 1] - starts[Int(id)] == candidates.depth ? id : nil
  }

  /// The scalar at a depth of a sorted entry, or -1 where the entry ends before it.
  private func key(at sortedIndex: Int, _ depth: Int) -> Int64 {
    let id = Int(sortedIDs[sortedIndex])
    let place = starts[id] + depth
    return place < starts[id + 1] ? Int64(scalars[place]) : -1
  }

  /// The first index of a range whose keys are not below the sought one.
  private func partition(_ range: Range<Int>, isBelow: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if isBelow(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

// MARK: Reading

extension Vocabulary {
  private static func sortedIDs(scalars: [UInt32], starts: [Int]) -> [Int32] {
    (0..<Int32(starts.count - 1)).sorted { left, right in
      let leftEntry = scalars[starts[Int(left)]..<starts[Int(left) + 1]]
      let rightEntry = scalars[starts[Int(right)]..<starts[Int(right) + 1]]
      return leftEntry.lexicographicallyPrecedes(rightEntry)
    }
  }

  private func refuseDuplicates() throws(TokenizerError) {
    for (left, right) in zip(sortedIDs, sortedIDs.dropFirst()) where self[left] == self[right] {
      let lines = (Int(min(left, right)) + 1, Int(max(left, right)) + 1)
      throw .duplicateEntry(text(of: left), firstLine: lines.0, secondLine: lines.1)
    }
  }

  /// An entry as a string.
  func text(of id: Int32) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: self[id].lazy.compactMap(Unicode.Scalar.init))
    return String(text)
  }

  /// White space as the original's reader strips it: Unicode's, and the four separators of ASCII.
  private static func isWhiteSpace(_ scalar: Unicode.Scalar) -> Bool {
    (0x1C...0x1F).contains(scalar.value) || scalar.properties.isWhitespace
  }

  private static func isWhiteSpace(_ value: UInt32) -> Bool {
    Unicode.Scalar(value).map(isWhiteSpace) ?? false
  }
}
