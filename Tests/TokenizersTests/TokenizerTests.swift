import Foundation
import Testing
import Tokenizers

@Suite struct TokenizerTests {
  @Test(arguments: 2...6)
  func `a text that fits exactly is not truncated, one piece more is`(contextLength: Int) throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    let fitting = String(repeating: "猫", count: contextLength - 2)
    let exact = tokenizer.encode(fitting, contextLength: contextLength)
    #expect(exact.ids.count == contextLength)
    #expect(!exact.isTruncated)
    let cut = tokenizer.encode(fitting + "犬", contextLength: contextLength)
    #expect(cut.ids == exact.ids)
    #expect(cut.isTruncated)
  }

  @Test func `a word cut in the middle keeps its first pieces`() throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    let whole = tokenizer.encode("Straße", contextLength: 52).ids
    let cut = tokenizer.encode("Straße", contextLength: 4)
    #expect(cut == TokenizedText(ids: Array(whole[..<3]) + [102], isTruncated: true))
  }

  @Test func `the training path is the default`() throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    let encoded = tokenizer.encode("“好”", contextLength: 52)
    #expect(encoded == tokenizer.encode("“好”", contextLength: 52, path: .training))
    #expect(encoded != tokenizer.encode("“好”", contextLength: 52, path: .plain))
  }

  @Test func `a control between letters ends a sigma's word on the training path alone`() throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    // The loader lower-cases before cleaning takes the control away, `tokenize` after.
    #expect(tokenizer.encode("ΑΣ\u{85}Α", contextLength: 52, path: .training).ids.contains(13395))
    #expect(!tokenizer.encode("ΑΣ\u{85}Α", contextLength: 52, path: .plain).ids.contains(13395))
  }

  @Test func `canonically equivalent texts that differ in scalars get the same ids`() throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    for (composed, decomposed) in [
      ("é", "e\u{301}"), ("한", "\u{1112}\u{1161}\u{11AB}"), ("が", "か\u{3099}"),
    ] {
      #expect(
        tokenizer.encode(composed, contextLength: 52)
          == tokenizer.encode(decomposed, contextLength: 52))
    }
  }

  @Test func `a bridged string gets the ids of a native one`() throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    let bridged = NSString(string: "皮卡丘 😀 naïve") as String
    #expect(
      tokenizer.encode(bridged, contextLength: 52)
        == tokenizer.encode("皮卡丘 😀 naïve", contextLength: 52))
  }

  @Test func `ids are named by their entries`() throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    let ids = tokenizer.encode("Straße 猫", contextLength: 52).ids
    #expect(tokenizer.tokens(for: ids) == ["[CLS]", "st", "##ra", "##ß", "##e", "猫", "[SEP]"])
    #expect(tokenizer.tokens(for: []) == [])
    // Lines 344 and 13503 hold U+2028, which the original's reader strips.
    #expect(tokenizer.tokens(for: [343, 13502]) == ["", "##"])
  }

  @Test func `a tokenizer gives back the vocabulary byte for byte`() throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    #expect(tokenizer.vocabularyBytes == ChineseVocabulary.bytes)
    #expect(tokenizer.vocabularyBytes.count == 109_540)
    #expect(tokenizer.vocabularyCount == 21_128)
    #expect(tokenizer.paddingID == 0)
    #expect(tokenizer.unknownID == 100)
  }

  @Test func `tasks that share a tokenizer agree`() async throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    let texts = (0..<64).map { "第\($0)只猫 photo \($0) of a cat" }
    let expected = texts.map { tokenizer.encode($0, contextLength: 52) }
    let found = await withTaskGroup(of: (Int, TokenizedText).self) { group in
      for (index, text) in texts.enumerated() {
        group.addTask { (index, tokenizer.encode(text, contextLength: 52)) }
      }
      return await group.reduce(into: expected.map { _ in nil as TokenizedText? }) {
        $0[$1.0] = $1.1
      }
    }
    #expect(found == expected)
  }

  // Quadratic work over these takes many minutes, and the system ends the process after one. Time
  // of the processor, as a machine with other work to do is no fault of the tokenizer.
  @Test(arguments: ["\u{1D165}\u{1715}", "Σ\u{301}", "x", "\u{301}", "\u{200B}", "“"])
  func `a long hostile text takes linear time`(_ run: String) async {
    await #expect(processExitsWith: .success) { [run] in
      var limit = rlimit(rlim_cur: 60, rlim_max: 60)
      setrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &limit)
      let text = String(repeating: run, count: 50_000)
      let encoded = try ChineseVocabulary.tokenizer.get().encode(text, contextLength: 52)
      #expect((2...52).contains(encoded.ids.count))
    }
  }

  @Test func `a context without room for both ends traps`() async {
    await #expect(processExitsWith: .failure) {
      _ = try ChineseVocabulary.tokenizer.get().encode("猫", contextLength: 1)
    }
  }

  @Test func `an id outside the vocabulary traps`() async {
    await #expect(processExitsWith: .failure) {
      _ = try ChineseVocabulary.tokenizer.get().tokens(for: [21_128])
    }
  }
}
