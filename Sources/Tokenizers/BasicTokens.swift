/// The words of a normalized text, one after another: folded, and parted at punctuation.
///
/// Folding is lower case, canonical decomposition (NFD, not NFKC: full-width forms stay), and
/// removal of the marks of category Mn. Source: `BasicTokenizer` of
/// `cn_clip/clip/bert_tokenizer.py`, Chinese-CLIP 1.6.0.
struct BasicTokens {
  private let scalars: [UInt32]
  private let table = ScalarTable.shared
  /// The next scalar of the text to fold.
  private var position = 0
  /// Folded scalars of the word now being read, and how many of them were handed out.
  private var folded: [UInt32] = []
  private var taken = 0
  /// Where in `folded` the scalars begin that canonical ordering may still pass over.
  private var orderingStart = 0

  /// - Parameter scalars: what `TextNormalization` gave.
  init(_ scalars: [UInt32]) {
    self.scalars = scalars
  }

  /// Puts the next token into `token`; false at the end of the text.
  mutating func next(into token: inout [UInt32]) -> Bool {
    token.removeAll(keepingCapacity: true)
    while taken == folded.count {
      guard foldNextWord() else { return false }
    }
    while taken < folded.count {
      let isPunctuation = table[folded[taken]].kind == .punctuation
      if isPunctuation && !token.isEmpty { break }
      token.append(folded[taken])
      taken += 1
      if isPunctuation { break }
    }
    return true
  }

  /// Folds the next word between separators; false when no word is left.
  private mutating func foldNextWord() -> Bool {
    folded.removeAll(keepingCapacity: true)
    (taken, orderingStart) = (0, 0)
    while position < scalars.count && isSeparator(scalars[position]) { position += 1 }
    guard position < scalars.count else { return false }
    while position < scalars.count && !isSeparator(scalars[position]) {
      fold(scalars[position])
      position += 1
    }
    return true
  }

  private func isSeparator(_ scalar: UInt32) -> Bool {
    scalar == TextNormalization.space || table[scalar].kind == .separator
  }

  private mutating func fold(_ scalar: UInt32) {
    if case 0xAC00...0xD7A3 = scalar { return foldHangul(scalar) }
    let entry = table[scalar]
    switch entry.kind {
    case .mark: return
    case .starterMark: orderingStart = folded.count
    case .reordered: appendOrdered(scalar)
    default:
      if entry.expands {
        for part in table.expansion(of: entry) {
          table[part].kind == .reordered ? appendOrdered(part) : appendStarter(part)
        }
      } else {
        appendStarter(entry.folded ?? scalar)
      }
    }
  }

  /// Parts a Hangul syllable into its jamo by arithmetic (Unicode 14.0, section 3.12).
  private mutating func foldHangul(_ syllable: UInt32) {
    let index = syllable - 0xAC00
    appendStarter(0x1100 + index / 588)
    appendStarter(0x1161 + index % 588 / 28)
    if index % 28 != 0 { appendStarter(0x11A7 + index % 28) }
  }

  private mutating func appendStarter(_ scalar: UInt32) {
    folded.append(scalar)
    orderingStart = folded.count
  }

  /// Appends a scalar with a combining class behind those of its run that are not greater.
  ///
  /// A run longer than any word that is parted ends as one unknown id in whatever order, so it is
  /// left as it stands: an insertion sort over a hostile text would take quadratic time.
  private mutating func appendOrdered(_ scalar: UInt32) {
    guard folded.count - orderingStart <= WordPiece.maximumWordLength else {
      return folded.append(scalar)
    }
    let combiningClass = table.combiningClass(of: scalar)
    var place = folded.count
    while place > orderingStart && table.combiningClass(of: folded[place - 1]) > combiningClass {
      place -= 1
    }
    folded.insert(scalar, at: place)
  }
}
