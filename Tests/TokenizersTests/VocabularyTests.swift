import Testing
import Tokenizers

@Suite struct VocabularyTests {
  private static let specials = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n"

  private func tokenizer(_ lines: String) throws -> Tokenizer {
    try Tokenizer(vocabularyBytes: Array((Self.specials + lines).utf8))
  }

  @Test func `an empty vocabulary is refused`() {
    #expect(throws: TokenizerError.emptyVocabulary) { try Tokenizer(vocabularyBytes: []) }
  }

  @Test func `a vocabulary of more than 64 MiB is refused before it is read`() {
    let bytes = [UInt8](repeating: 0xFF, count: 64 << 20 + 1)
    #expect(throws: TokenizerError.vocabularyTooLarge(bytes: bytes.count, maximum: 64 << 20)) {
      try Tokenizer(vocabularyBytes: bytes)
    }
  }

  @Test(arguments: [
    [0xFF], [0xC0, 0x80], [0xE4, 0xB8], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
  ])
  func `bytes that are not UTF-8 are refused by line`(_ invalid: [UInt8]) {
    #expect(throws: TokenizerError.notUTF8(line: 5)) {
      try Tokenizer(vocabularyBytes: Array(Self.specials.utf8) + invalid + [0x0A, 0x61])
    }
  }

  @Test(arguments: ["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
  func `a missing special token is named`(_ token: String) {
    let lines = Self.specials.split(separator: "\n").filter { $0 != token }
    #expect(throws: TokenizerError.missingSpecialToken(token, entries: 3)) {
      try Tokenizer(vocabularyBytes: Array(lines.joined(separator: "\n").utf8))
    }
  }

  @Test func `an entry given twice is refused with both lines`() {
    #expect(throws: TokenizerError.duplicateEntry("猫", firstLine: 6, secondLine: 8)) {
      try tokenizer("a\n猫\nb\n猫\n")
    }
    #expect(throws: TokenizerError.duplicateEntry("", firstLine: 5, secondLine: 6)) {
      try tokenizer("\n\n")
    }
  }

  @Test func `canonically equivalent entries are different entries`() throws {
    let tokenizer = try tokenizer("é\ne\u{301}\n豈\n\u{F900}\n")
    #expect(tokenizer.vocabularyCount == 8)
    // U+F900 folds to U+8C48; the entry U+F900 itself cannot be reached.
    #expect(tokenizer.encode("\u{F900}", contextLength: 9).ids == [2, 6, 3])
  }

  @Test func `marks that stay are put in canonical order`() throws {
    // Combining classes 9 and 224; U+0902 goes, has class 0, and keeps them apart.
    let tokenizer = try tokenizer("a\u{1715}\u{302E}\na\u{302E}\u{1715}\n")
    #expect(tokenizer.encode("a\u{302E}\u{301}\u{1715}", contextLength: 9).ids == [2, 4, 3])
    #expect(tokenizer.encode("a\u{1715}\u{302E}", contextLength: 9).ids == [2, 4, 3])
    #expect(tokenizer.encode("a\u{302E}\u{902}\u{1715}", contextLength: 9).ids == [2, 5, 3])
  }

  @Test func `lines end at line feeds alone`() throws {
    let tokenizer = try tokenizer("a\u{2028}b\nc\u{85}d\ne\u{B}f\nlast")
    #expect(tokenizer.tokens(for: [4, 5, 6, 7]).map(\.unicodeScalars.count) == [3, 3, 3, 4])
    #expect(tokenizer.encode("last", contextLength: 9).ids == [2, 7, 3])
  }

  @Test func `a vocabulary with carriage returns has the same ids`() throws {
    let bytes = Array((Self.specials + "a\n##b\n").utf8)
    let carriageReturns = bytes.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
    let tokenizer = try Tokenizer(vocabularyBytes: carriageReturns)
    #expect(tokenizer.encode("ab", contextLength: 9).ids == [2, 4, 5, 3])
    #expect(tokenizer.vocabularyBytes == carriageReturns)
  }

  @Test func `the longest entry wins and a dead end makes the word unknown`() throws {
    let tokenizer = try tokenizer("a\nab\nabcd\n##c\n##cx\n##d\n")
    #expect(tokenizer.encode("abc", contextLength: 9).ids == [2, 5, 7, 3])
    #expect(tokenizer.encode("abcd", contextLength: 9).ids == [2, 6, 3])
    #expect(tokenizer.encode("abcxd", contextLength: 9).ids == [2, 5, 8, 9, 3])
    // "abcd" is taken first and "##e" is missing, though "ab" "##c" would have gone further.
    #expect(tokenizer.encode("abcde a", contextLength: 9).ids == [2, 1, 4, 3])
  }

  @Test func `a vocabulary without continuations leaves words unknown`() throws {
    #expect(try tokenizer("a\n").encode("a aa", contextLength: 9).ids == [2, 4, 1, 3])
  }

  @Test func `special tokens take their ids from the vocabulary`() throws {
    let tokenizer = try Tokenizer(vocabularyBytes: Array("a\n[SEP]\n[PAD]\n[CLS]\n[UNK]".utf8))
    #expect(tokenizer.encode("a b", contextLength: 9).ids == [3, 0, 4, 1])
    #expect(tokenizer.paddingID == 2)
  }

  @Test(arguments: [
    TokenizerError.emptyVocabulary, .vocabularyTooLarge(bytes: 2, maximum: 1), .notUTF8(line: 3),
    .missingSpecialToken("[CLS]", entries: 7),
    .duplicateEntry("猫", firstLine: 1, secondLine: 2),
  ])
  func `an error says what was found, what was expected and what to do`(_ error: TokenizerError) {
    let description = "\(error)"
    #expect(description.contains("expected"))
    #expect(description.split(separator: ". ").count >= 3)
    #expect(!description.contains("\n"))
  }
}
