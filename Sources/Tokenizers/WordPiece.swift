/// Parts words into the longest vocabulary entries, from the left (Schuster and Nakajima 2012).
///
/// Source of the details: `WordpieceTokenizer` of `cn_clip/clip/bert_tokenizer.py`, Chinese-CLIP
/// 1.6.0. Works on scalars, not on characters as the reader sees them.
struct WordPiece: Sendable {
  let vocabulary: Vocabulary
  private let unknownID: Int32
  private let initial: Vocabulary.Candidates
  private let continuation: Vocabulary.Candidates

  /// The longest word that is parted at all (`max_input_chars_per_word`), in scalars.
  static let maximumWordLength = 200

  /// - Parameter unknownID: what stands for a word that cannot be parted.
  init(vocabulary: Vocabulary, unknownID: Int32) {
    self.vocabulary = vocabulary
    self.unknownID = unknownID
    let hash: UInt32 = 0x23
    initial = Vocabulary.Candidates(range: 0..<vocabulary.count, depth: 0)
    continuation = vocabulary.narrowed(vocabulary.narrowed(initial, by: hash), by: hash)
  }

  /// Appends the ids of a word's pieces; one unknown id when any part of it has no entry.
  func append(_ word: [UInt32], to ids: inout [Int32]) {
    let oldCount = ids.count
    guard word.count <= Self.maximumWordLength else { return ids.append(unknownID) }
    var position = 0
    while position < word.count {
      guard let piece = longestPiece(of: word, from: position) else {
        ids.removeSubrange(oldCount...)
        return ids.append(unknownID)
      }
      ids.append(piece.id)
      position = piece.end
    }
  }

  private func longestPiece(of word: [UInt32], from start: Int) -> (id: Int32, end: Int)? {
    var candidates = start == 0 ? initial : continuation
    var longest: (id: Int32, end: Int)?
    var position = start
    while position < word.count {
      candidates = vocabulary.narrowed(candidates, by: word[position])
      if candidates.range.isEmpty { break }
      position += 1
      if let id = vocabulary.completedID(of: candidates) { longest = (id, position) }
    }
    return longest
  }
}
