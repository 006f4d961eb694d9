/// The ids of one text, from `[CLS]` to `[SEP]`, without padding.
public struct TokenizedText: Sendable, Hashable {
  /// Between 2 and the context length many ids; each is a row of the embedding table.
  public let ids: [Int32]
  /// Whether pieces of the text had no room and were left out.
  public let isTruncated: Bool

  public init(ids: [Int32], isTruncated: Bool) {
    self.ids = ids
    self.isTruncated = isTruncated
  }
}
