public import Tokenizers

/// The token ids of several texts end to end, without padding.
public struct PackedTokens: Equatable, Sendable {
  /// All ids, [tokens].
  public private(set) var ids: [Int32] = []
  /// Where each text begins in `ids`, and the end of the last: [texts + 1].
  public private(set) var offsets: [Int32] = [0]
  /// Each token's place in its own text, from 0: [tokens].
  public private(set) var positions: [Int32] = []
  /// How many texts were longer than the context and were cut.
  public private(set) var truncatedCount = 0

  public init() {}

  /// Packs texts in order.
  public init(_ texts: [TokenizedText]) {
    for text in texts { append(text) }
  }

  /// The number of texts.
  public var count: Int { offsets.count - 1 }

  private mutating func append(_ text: TokenizedText) {
    precondition(ids.count + text.ids.count <= Int32.max, "a batch holds 2^31 tokens at most")
    positions += (0..<Int32(text.ids.count))
    ids += text.ids
    offsets.append(Int32(ids.count))
    if text.isTruncated { truncatedCount += 1 }
  }
}
