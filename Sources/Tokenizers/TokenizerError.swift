/// Why bytes cannot serve as a WordPiece vocabulary. Lines count from 1; ids are one less.
public enum TokenizerError: Error, Sendable, Hashable {
  case emptyVocabulary
  case vocabularyTooLarge(bytes: Int, maximum: Int)
  case notUTF8(line: Int)
  case missingSpecialToken(String, entries: Int)
  case duplicateEntry(String, firstLine: Int, secondLine: Int)
}

extension TokenizerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .emptyVocabulary:
      """
      The vocabulary is empty. One entry a line was expected, UTF-8, ending in line feeds. \
      Give the family's vocab.txt.
      """
    case .vocabularyTooLarge(let bytes, let maximum):
      """
      The vocabulary has \(bytes) bytes. At most \(maximum) were expected; Chinese-CLIP's has \
      109540. Check that the file is a vocab.txt.
      """
    case .notUTF8(let line):
      """
      Line \(line) of the vocabulary is not UTF-8. One UTF-8 entry a line was expected. \
      Convert the file, or fetch it again if it may be damaged.
      """
    case .missingSpecialToken(let token, let entries):
      """
      The vocabulary has \(entries) entries and no \(token). [PAD], [UNK], [CLS] and [SEP] were \
      expected, each on a line of its own. Give the vocab.txt of a BERT model.
      """
    case .duplicateEntry(let entry, let firstLine, let secondLine):
      """
      Lines \(firstLine) and \(secondLine) of the vocabulary are both \
      \(String(entry.prefix(40)).debugDescription). Every line was expected once, as its number is \
      its id. Fetch the original file; removing a line would shift all ids behind it.
      """
    }
  }
}
