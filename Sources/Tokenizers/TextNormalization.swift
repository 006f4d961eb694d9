/// The steps that come before words: the text path, cleaning, and room around ideographs.
///
/// Source: `cn_clip/training/data.py` and `_clean_text`, `_tokenize_chinese_chars` of
/// `cn_clip/clip/bert_tokenizer.py`, Chinese-CLIP 1.6.0.
struct TextNormalization: Sendable {
  private let table = ScalarTable.shared

  static let space: UInt32 = 0x20
  private static let capitalSigma: UInt32 = 0x3A3
  private static let finalSigma: UInt32 = 0x3C2

  /// Cleaned scalars: controls gone, white space as spaces, ideographs between spaces.
  ///
  /// Lower case is left to the words' folding, but for the one letter whose lower case depends
  /// on its neighbours: a capital sigma at a word's end is already U+03C2 here.
  func normalized(_ text: String, path: TextPath) -> [UInt32] {
    switch path {
    case .training:
      var scalars: [UInt32] = []
      scalars.reserveCapacity(text.utf8.count)
      for scalar in text.unicodeScalars { scalars.append(Self.straightened(scalar.value)) }
      resolveFinalSigmas(in: &scalars)
      return cleaned(scalars)
    case .plain:
      var scalars = cleaned(text.unicodeScalars.lazy.map(\.value))
      resolveFinalSigmas(in: &scalars)
      return scalars
    }
  }

  /// Whether spaces are put around a scalar; kana, Hangul and full-width Latin are not meant.
  static func isIdeograph(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B820...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }

  private static func straightened(_ scalar: UInt32) -> UInt32 {
    scalar == 0x201C || scalar == 0x201D ? 0x22 : scalar
  }

  private func cleaned(_ scalars: some Sequence<UInt32>) -> [UInt32] {
    var cleaned: [UInt32] = []
    cleaned.reserveCapacity(scalars.underestimatedCount * 3)
    for scalar in scalars {
      if Self.isIdeograph(scalar) {
        cleaned.append(Self.space)
        cleaned.append(scalar)
        cleaned.append(Self.space)
        continue
      }
      switch table[scalar].kind {
      case .dropped: break
      case .space: cleaned.append(Self.space)
      default: cleaned.append(scalar)
      }
    }
    return cleaned
  }

  /// Replaces each capital sigma that ends a word by U+03C2 (Unicode 14.0, table 3-17).
  ///
  /// It ends a word when a cased scalar comes before it and none after it, case-ignorable scalars
  /// between them left out. Linear: no two sigmas look at the same scalar in the same direction.
  private func resolveFinalSigmas(in scalars: inout [UInt32]) {
    guard scalars.contains(Self.capitalSigma) else { return }
    var followsCased = false
    for index in scalars.indices {
      if scalars[index] == Self.capitalSigma {
        let next = scalars[(index + 1)...].first { table[$0].casing != .ignorable }
        let precedesCased = next.map { table[$0].casing == .cased } ?? false
        if followsCased && !precedesCased { scalars[index] = Self.finalSigma }
        followsCased = true
      } else {
        let casing = table[scalars[index]].casing
        if casing != .ignorable { followsCased = casing == .cased }
      }
    }
  }
}
