internal import Tokenizers

/// The tokenizer as Hugging Face's `tokenizers` reads it, so that it gives the ids that a tower
/// was trained on.
///
/// The usual file of a BERT model differs from ours in rare texts: it cuts `[MASK]` out of a text,
/// gives up on words of more than 100 letters, drops private-use characters, and knows nothing of
/// curly quotes, which training makes straight. The steps here remove these differences.
struct TokenizerFiles {
  private let entries: [String]
  private let contextLength: Int

  init(_ tokenizer: Tokenizer, contextLength: Int) {
    entries = tokenizer.tokens(for: (0..<Int32(tokenizer.vocabularyCount)).map { $0 })
    self.contextLength = contextLength
  }

  /// `tokenizer.json`.
  var tokenizer: JSONText {
    .object([
      ("version", .text("1.0")), ("truncation", .null), ("padding", .null),
      // None: a text's `[SEP]` is a word like any other.
      ("added_tokens", .array([])), ("normalizer", normalizer),
      ("pre_tokenizer", .object([("type", .text("BertPreTokenizer"))])),
      ("post_processor", postProcessor),
      (
        "decoder",
        .object([
          ("type", .text("WordPiece")), ("prefix", .text("##")), ("cleanup", .boolean(true)),
        ])
      ),
      (
        "model",
        .object([
          ("type", .text("WordPiece")), ("unk_token", .text("[UNK]")),
          ("continuing_subword_prefix", .text("##")),
          ("max_input_chars_per_word", .integer(Tokenizer.maximumWordLength)),
          (
            "vocab",
            .object(entries.enumerated().map { ($0.element, .integer($0.offset)) })
          ),
        ])
      ),
    ])
  }

  /// `tokenizer_config.json`.
  var configuration: JSONText {
    .object([
      // The class that takes tokenizer.json as it is written.
      ("tokenizer_class", .text("PreTrainedTokenizerFast")),
      ("model_max_length", .integer(contextLength)),
      ("unk_token", .text("[UNK]")), ("sep_token", .text("[SEP]")),
      ("pad_token", .text("[PAD]")), ("cls_token", .text("[CLS]")),
      ("mask_token", .text("[MASK]")),
      ("model_input_names", .array([.text("input_ids"), .text("attention_mask")])),
      ("split_special_tokens", .boolean(true)),
    ])
  }

  private var normalizer: JSONText {
    .object([
      ("type", .text("Sequence")),
      (
        "normalizers",
        .array([
          replace(string: "\u{201C}", with: "\""), replace(string: "\u{201D}", with: "\""),
          // A final sigma, which lower-casing elsewhere does not know.
          replace(pattern: "(?<=\\p{L})\u{3A3}(?!\\p{L})", with: "\u{3C2}"),
          // Private use: a letter that no vocabulary has, so that it becomes [UNK] too.
          replace(
            pattern: "[\u{E000}-\u{F8FF}\u{F0000}-\u{FFFFD}\u{100000}-\u{10FFFD}]",
            with: Self.unknownLetter),
          replace(pattern: "[\u{2B820}-\u{2B91F}]", with: " \(Self.unknownLetter) "),
          .object([
            ("type", .text("BertNormalizer")), ("clean_text", .boolean(true)),
            ("handle_chinese_chars", .boolean(true)), ("strip_accents", .null),
            ("lowercase", .boolean(true)),
          ]),
        ])
      ),
    ])
  }

  /// A Yi syllable, which Chinese vocabularies do not have.
  private static let unknownLetter = "\u{A000}"

  private func replace(string: String, with content: String) -> JSONText {
    .object([
      ("type", .text("Replace")), ("pattern", .object([("String", .text(string))])),
      ("content", .text(content)),
    ])
  }

  private func replace(pattern: String, with content: String) -> JSONText {
    .object([
      ("type", .text("Replace")), ("pattern", .object([("Regex", .text(pattern))])),
      ("content", .text(content)),
    ])
  }

  private var postProcessor: JSONText {
    let id = { (token: String) in JSONText.integer(entries.firstIndex(of: token) ?? 0) }
    return .object([
      ("type", .text("BertProcessing")),
      ("sep", .array([.text("[SEP]"), id("[SEP]")])),
      ("cls", .array([.text("[CLS]"), id("[CLS]")])),
    ])
  }
}
