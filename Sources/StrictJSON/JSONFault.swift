/// Why a text is not JSON as this reader takes it, and at which byte that was noticed.
public struct JSONFault: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Equatable, Sendable {
    /// Something other than what JSON allows here; `expected` is a noun phrase.
    case unexpected(expected: String)
    case unexpectedEnd
    case notUTF8
    /// A `\u` escape that is one half of a surrogate pair.
    case loneSurrogate
    case repeatedName(String)
    case tooDeep(limit: Int)
    case tooLarge(bytes: Int, limit: Int)
  }

  public let kind: Kind
  /// Byte offset in the text.
  public let offset: Int

  public var description: String {
    let problem =
      switch kind {
      case .unexpected(let expected): "something other than \(expected)"
      case .unexpectedEnd: "the end in the middle of a value"
      case .notUTF8: "bytes that are not UTF-8"
      case .loneSurrogate: "half of a surrogate pair"
      case .repeatedName(let name): "the name `\(name)` a second time"
      case .tooDeep(let limit): "more than \(limit) levels"
      case .tooLarge(let bytes, let limit): "\(bytes) bytes, more than \(limit)"
      }
    return "JSON, byte \(offset): found \(problem)"
  }
}
