/// Turns texts into the ids that a Chinese-CLIP text tower was trained on.
///
///     let tokenizer = try Tokenizer(vocabularyBytes: bytes)
///     tokenizer.encode("皮卡丘", contextLength: 52).ids  // [101, 4649, 1305, 687, 102]
///
/// Every text gets the ids of `cn_clip/clip/bert_tokenizer.py` (Chinese-CLIP 1.6.0, Unicode 14.0);
/// Hugging Face's BERT tokenizers differ from it in rare texts. Special tokens written in a text
/// (`[SEP]`) are words like any other.
public struct Tokenizer: Sendable {
  /// The id of `[PAD]`, which fills the rows of padded batches.
  public let paddingID: Int32
  /// The id of `[UNK]`, which stands for words that the vocabulary cannot spell.
  public let unknownID: Int32
  private let classID: Int32
  private let separatorID: Int32
  private let normalization = TextNormalization()
  private let wordPiece: WordPiece

  /// Reads a vocabulary: UTF-8, one entry a line, an entry's id is its line's number from 0.
  ///
  /// - Parameter vocabularyBytes: the contents of a `vocab.txt`, at most 64 MiB.
  public init(vocabularyBytes: [UInt8]) throws(TokenizerError) {
    let vocabulary = try Vocabulary(bytes: vocabularyBytes)
    func special(_ token: String) throws(TokenizerError) -> Int32 {
      guard let id = vocabulary.id(of: token) else {
        throw .missingSpecialToken(token, entries: vocabulary.count)
      }
      return id
    }
    paddingID = try special("[PAD]")
    unknownID = try special("[UNK]")
    classID = try special("[CLS]")
    separatorID = try special("[SEP]")
    wordPiece = WordPiece(vocabulary: vocabulary, unknownID: unknownID)
  }

  /// The ids of a text between `[CLS]` and `[SEP]`, cut to fit, not padded.
  ///
  /// - Parameters:
  ///   - contextLength: the most ids, both ends included; at least 2. Chinese-CLIP's is 52.
  ///   - path: the text path; a tower sees `training` while it learns.
  public func encode(
    _ text: String, contextLength: Int, path: TextPath = .training
  ) -> TokenizedText {
    precondition(contextLength >= 2, "a context of \(contextLength) has no room for both ends")
    var tokens = BasicTokens(normalization.normalized(text, path: path))
    var token: [UInt32] = []
    var ids = [classID]
    while ids.count < contextLength && tokens.next(into: &token) {
      wordPiece.append(token, to: &ids)
    }
    let isTruncated = ids.count >= contextLength
    if isTruncated { ids.removeSubrange((contextLength - 1)...) }
    ids.append(separatorID)
    return TokenizedText(ids: ids, isTruncated: isTruncated)
  }

  /// The vocabulary's entries for ids, continuation marks (`##`) included.
  ///
  /// - Parameter ids: each from 0 to `vocabularyCount - 1`.
  public func tokens(for ids: [Int32]) -> [String] {
    ids.map { id in
      precondition(
        (0..<vocabularyCount).contains(Int(id)), "id \(id) is not among \(vocabularyCount) ids")
      return wordPiece.vocabulary.text(of: id)
    }
  }

  /// The longest word that is parted, in scalars; a longer one becomes one unknown id.
  public static var maximumWordLength: Int { WordPiece.maximumWordLength }

  /// How many ids the vocabulary has; the embedding table needs as many rows.
  public var vocabularyCount: Int { wordPiece.vocabulary.count }

  /// The vocabulary as it was given, byte for byte; checkpoints carry it.
  public var vocabularyBytes: [UInt8] { wordPiece.vocabulary.bytes }
}
