import Foundation
import Tokenizers

/// The vocabulary that the repository ships, and the tokenizer read from it once for all tests.
enum ChineseVocabulary {
  static let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let bytes: [UInt8] = {
    let file = repository.appending(path: "recipes/data/bert-chinese/vocab.txt")
    return (try? Data(contentsOf: file)).map([UInt8].init) ?? []
  }()

  static let tokenizer: Result<Tokenizer, TokenizerError> = {
    do throws(TokenizerError) {
      return .success(try Tokenizer(vocabularyBytes: bytes))
    } catch {
      return .failure(error)
    }
  }()
}
