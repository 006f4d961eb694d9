internal import DurableFiles
internal import Tokenizers

/// The vocabulary that all published Chinese-CLIP models and the BERTs they began with share.
///
/// Weights do not say which row belongs to which word. A vocabulary of the right length in another
/// order gives a model that computes and understands nothing, so what is not the published one is
/// named; it may be right, for people train models on vocabularies of their own.
enum PublishedVocabulary {
  /// Of all entries in order, as they are read, a line each; Google's for BERT-Base, Chinese.
  static let sha256 = "366fe2b1318c774fd28bdea58dbcfbd6d6aeae313fdcd9063d170cdc602fd51a"
  /// The same of the entries sorted by their bytes.
  static let sortedSHA256 = "944283b13820766c0353781c3c50ff0596109f47584661f71b115aef9e0554c2"
  static let count = 21_128

  /// What to say of a vocabulary that is as long as the published one and is another.
  static func note(on tokenizer: Tokenizer, from path: String) -> String? {
    guard tokenizer.vocabularyCount == count else { return nil }
    let entries = tokenizer.tokens(for: (0..<Int32(count)).map { $0 }).map { Array($0.utf8) }
    guard digest(of: entries) != sha256 else { return nil }
    let isReordered =
      digest(of: entries.sorted { $0.lexicographicallyPrecedes($1) }) == sortedSHA256
    let difference =
      isReordered
      ? "the entries of the published vocabulary in another order"
      : "as many entries as the published vocabulary, and others"
    return "\(path) has \(difference). Texts find the wrong rows of the word embeddings unless the "
      + "weights were trained with it; else give the published one by `--vocabulary`"
  }

  private static func digest(of entries: [[UInt8]]) -> String {
    var hash = SHA256()
    for entry in entries { hash.update(entry + [UInt8(ascii: "\n")]) }
    return SHA256.hexadecimal(hash.finalize())
  }
}
