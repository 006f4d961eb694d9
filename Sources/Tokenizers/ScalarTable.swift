/// What each Unicode scalar means to the tokenizer, by one look-up in a two-stage table.
///
/// The facts are those of Unicode 14.0, whatever version the Swift runtime carries, so that ids
/// do not depend on the toolchain; `UnicodeTables` holds them and its script made them.
struct ScalarTable: Sendable {
  /// The part a scalar plays in cleaning, splitting and folding; the kinds exclude each other.
  enum Kind: UInt32 {
    case ordinary
    /// Controls (categories Cc and Cf), U+0000 and U+FFFD: removed before anything else.
    case dropped
    /// Tab, line feed, carriage return and category Zs: become a space.
    case space
    /// U+2028 and U+2029: part words although cleaning keeps them.
    case separator
    /// ASCII symbols and the categories P*: words of their own.
    case punctuation
    /// Category Mn, removed when folding.
    case mark
    /// Category Mn with combining class 0: removed too, and a border of canonical ordering.
    case starterMark
    /// Stays, has a combining class, and so may change places with its neighbours.
    case reordered
  }

  /// How the final-sigma rule sees a scalar.
  enum Casing: UInt32 {
    case uncased, cased, ignorable
  }

  /// A scalar's facts: folded form or place of its expansion (bits 0-20), whether it expands
  /// (bit 21), kind (bits 24-26), casing (bits 27-28).
  struct Entry {
    fileprivate let bits: UInt32

    var kind: Kind { Kind(rawValue: bits >> 24 & 7) ?? .ordinary }
    var casing: Casing { Casing(rawValue: bits >> 27 & 3) ?? .uncased }
    var expands: Bool { bits & 1 << 21 != 0 }
    /// The folded scalar, or nil where folding changes nothing; an index where `expands`.
    var folded: UInt32? { bits & 0x1F_FFFF == 0 ? nil : bits & 0x1F_FFFF }
  }

  /// The table, built on first use; about 150 kB.
  static let shared = ScalarTable()

  /// For each 256 scalars, the number of their page.
  private var pageNumbers: [Int] = Array(repeating: 0, count: 0x1100)
  /// Pages of 256 entries; page 0 stands for all scalars about which nothing is known.
  private var pages: [UInt32] = Array(repeating: 0, count: 256)
  /// Folded forms of more than one scalar: how many, then the scalars.
  private let expansions = UnicodeTables.expansions

  private init() {
    addClasses()
    for fold in UnicodeTables.folds {
      set(UInt32(fold >> 32), bits: UInt32(truncatingIfNeeded: fold))
    }
    for run in UnicodeTables.foldRuns {
      let (first, target) = (UInt32(run >> 40), UInt32(run & 0x1F_FFFF))
      let (stride, count) = (UInt32(run >> 39 & 1) + 1, UInt32(run >> 28 & 0x7FF))
      for offset in 0..<count { set(first + offset * stride, bits: target + offset * stride) }
    }
    var place = 0
    while place < expansions.count {
      set(expansions[place], bits: 1 << 21 | UInt32(place + 1))
      place += 2 + Int(expansions[place + 1])
    }
  }

  /// The facts about a scalar.
  ///
  /// - Parameter scalar: a Unicode scalar's value, below 0x11_0000.
  subscript(scalar: UInt32) -> Entry {
    Entry(bits: pages[pageNumbers[Int(scalar >> 8)] &* 256 &+ Int(scalar & 255)])
  }

  /// The folded scalars of an entry that expands.
  func expansion(of entry: Entry) -> ArraySlice<UInt32> {
    let place = Int(entry.bits & 0x1F_FFFF)
    return expansions[(place + 1)...].prefix(Int(expansions[place]))
  }

  /// The canonical combining class of a scalar of kind `reordered`; 0 for every other.
  func combiningClass(of scalar: UInt32) -> UInt32 {
    for packed in UnicodeTables.combiningClasses where packed & 0x1F_FFFF == scalar {
      return packed >> 24
    }
    return 0
  }

  private mutating func addClasses() {
    let runs = UnicodeTables.classRuns
    for (index, run) in runs.enumerated() where run >> 24 != 0 {
      let end = index + 1 < runs.count ? runs[index + 1] & 0x1F_FFFF : 0x11_0000
      for scalar in (run & 0x1F_FFFF)..<end { set(scalar, bits: run & 0xFF00_0000) }
    }
  }

  /// Adds bits to a scalar's entry, giving its 256 neighbours a page when they have none.
  private mutating func set(_ scalar: UInt32, bits: UInt32) {
    let group = Int(scalar >> 8)
    if pageNumbers[group] == 0 {
      pageNumbers[group] = pages.count / 256
      pages.append(contentsOf: repeatElement(0, count: 256))
    }
    pages[pageNumbers[group] * 256 + Int(scalar & 255)] |= bits
  }
}
