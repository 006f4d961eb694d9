/// What exactly is wrong with a tar archive.
public enum TarFault: Error, Equatable, Sendable {
  /// The file ends inside the 512 bytes of a member's header.
  case truncatedHeader
  /// The file ends inside a member's data, or the padding after it; `missing` bytes are not there.
  case truncatedData(missing: Int64)
  /// The file ends where a member could begin, without the two zero blocks that end an archive.
  case missingEnd
  /// One zero block is followed by something else.
  case loneZeroBlock
  /// The header's checksum is not the sum of its bytes.
  case checksum(stored: Int64, computed: Int64)
  /// A numeric field holds something other than an octal or base-256 number.
  case malformedNumber(field: String)
  /// A numeric field is below zero.
  case negativeNumber(field: String)
  /// A number, or the end of the member it leads to, exceeds 64 bits.
  case numberTooLarge(field: String)
  /// An extended header is larger than any name needs.
  case extendedHeaderTooLarge(bytes: Int64, limit: Int64)
  /// A PAX extended header is not a sequence of `LENGTH KEY=VALUE` lines.
  case malformedExtendedHeader
  /// An extended header is followed by the end of the archive.
  case danglingExtendedHeader
  /// A sparse file or a part of a multi-volume archive.
  case unsupportedMember(type: String)
  /// The archive is larger than an index can address (2 TiB), or holds too many pairs.
  case archiveTooLarge
}

extension TarFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncatedHeader: "the file ends inside a header"
    case .truncatedData(let missing): "the file ends \(missing) bytes before this member does"
    case .missingEnd: "the file ends without the two zero blocks that close an archive"
    case .loneZeroBlock: "one zero block is followed by something that is not zero"
    case .checksum(let stored, let computed):
      "the header's checksum is \(stored), its bytes give \(computed)"
    case .malformedNumber(let field): "the header's \(field) is not a number"
    case .negativeNumber(let field): "the header's \(field) is negative"
    case .numberTooLarge(let field): "the header's \(field) exceeds 64 bits"
    case .extendedHeaderTooLarge(let bytes, let limit):
      "an extended header has \(bytes) bytes, more than \(limit)"
    case .malformedExtendedHeader: "an extended header cannot be read"
    case .danglingExtendedHeader: "an extended header belongs to no member"
    case .unsupportedMember(let type): "a member of type `\(type)` cannot be read here"
    case .archiveTooLarge: "the archive is too large to be indexed"
    }
  }
}
