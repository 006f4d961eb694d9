public import StrictJSON

/// A pair that cannot be used: which one, where it lies, and why.
public struct DamagedPair: Equatable, Sendable {
  /// The pair's number in its `PairSet`.
  public let pair: Int
  public let shard: String
  public let key: String
  /// Where the pair's first member begins in the shard.
  public let byteOffset: Int64
  public let reason: Reason

  public init(pair: Int, shard: String, key: String, byteOffset: Int64, reason: Reason) {
    self.pair = pair
    self.shard = shard
    self.key = key
    self.byteOffset = byteOffset
    self.reason = reason
  }
}

extension DamagedPair {
  /// Why a pair cannot be used.
  public enum Reason: Error, Equatable, Sendable {
    case missingImage
    /// There is neither a text nor a JSON member.
    case missingCaption
    /// No caption has anything but space in it.
    case emptyCaption
    case captionNotUTF8
    case malformedJSON(JSONFault)
    /// Captions are there, but not in the field that was asked for, where `txt` is the text member;
    /// `found` has the names of some that would do.
    case missingField(String, found: [String])
    /// The field is neither a string nor a list of strings.
    case fieldNotText(String)
    case memberTooLarge(bytes: Int64, limit: Int64)
    /// The image cannot be decoded; the text is the decoder's message.
    case unreadableImage(String)
    /// It was damaged when the run met it, before the run was resumed.
    case foundBefore
  }
}

extension DamagedPair: CustomStringConvertible {
  public var description: String {
    "\(shard): pair `\(key)`, byte \(byteOffset): \(reason)"
  }
}

extension DamagedPair.Reason {
  /// Names of fields for a message.
  static func list(_ fields: [String]) -> String {
    fields.isEmpty ? "none" : fields.map { "`\($0)`" }.joined(separator: ", ")
  }
}

extension DamagedPair.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missingImage: "it has no image member"
    case .missingCaption: "it has no member with captions"
    case .emptyCaption: "its caption is empty"
    case .captionNotUTF8: "its caption is not UTF-8"
    case .malformedJSON(let fault): "\(fault)"
    case .missingField(let name, let found):
      "it has no caption field `\(name)`; fields found: \(Self.list(found))"
    case .fieldNotText(let name): "its JSON field `\(name)` is neither text nor a list of texts"
    case .memberTooLarge(let bytes, let limit):
      "a member has \(bytes) bytes, more than \(limit)"
    case .unreadableImage(let problem): "its image cannot be read: \(problem)"
    case .foundBefore: "it could not be read earlier in this run"
    }
  }
}
