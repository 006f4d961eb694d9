internal import DurableFiles
internal import StrictJSON
internal import Tokenizers

/// Finds the vocabulary that belongs to foreign weights.
enum VocabularyFile {
  private static let byteLimit = 64 << 20

  /// - Parameters:
  ///   - given: the file that the user named.
  ///   - folder: where it is looked for otherwise: `vocab.txt`, else the one in `tokenizer.json`.
  /// - Returns: the tokenizer, and a note where the vocabulary may not be the weights'.
  static func tokenizer(
    _ given: String?, folder: String, expected: Int
  ) throws(ModelError) -> (Tokenizer, note: String?) {
    let path = given ?? "\(folder)/vocab.txt"
    let inTokenizer = "\(folder)/tokenizer.json"
    if given == nil, !FileContents.exists(path) {
      guard let file = try JSONFile.read(inTokenizer) else {
        throw .importing(.noVocabulary(path: path))
      }
      return try tokenizer(try lines(of: file), path: inTokenizer, expected: expected)
    }
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileContents.read(path, limit: byteLimit)
    } catch {
      throw .file(error)
    }
    return try tokenizer(bytes, path: path, expected: expected)
  }

  private static func tokenizer(
    _ bytes: [UInt8], path: String, expected: Int
  ) throws(ModelError) -> (Tokenizer, note: String?) {
    let tokenizer = try LoadedModel.tokenizer(bytes, path: path, expected: nil)
    guard tokenizer.vocabularyCount == expected else {
      throw .importing(
        .vocabularyLength(path: path, found: tokenizer.vocabularyCount, expected: expected))
    }
    return (tokenizer, PublishedVocabulary.note(on: tokenizer, from: path))
  }

  /// The entries of a WordPiece model in the order of their ids, a line each.
  private static func lines(of file: JSONFile) throws(ModelError) -> [UInt8] {
    guard case .object(let members)? = file.object("model")["vocab"] else {
      throw file.wrong("model.vocab", "not the vocabulary of a WordPiece model")
    }
    var entries = [String?](repeating: nil, count: members.count)
    for member in members {
      guard let id = member.value.integer, entries.indices.contains(Int(id)),
        entries[Int(id)] == nil
      else { throw file.wrong("model.vocab", "no numbering from 0 on") }
      entries[Int(id)] = member.name
    }
    return entries.flatMap { Array(($0 ?? "").utf8) + [UInt8(ascii: "\n")] }
  }
}
