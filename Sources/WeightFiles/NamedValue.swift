/// Something in a weight file that is no tensor, such as a training checkpoint's epoch.
public struct NamedValue: Equatable, Sendable {
  /// The keys on the way to it, joined by dots.
  public let name: String
  public let value: PlainValue
}

public enum PlainValue: Equatable, Sendable {
  case none
  case boolean(Bool)
  case integer(Int64)
  case real(Double)
  case text(String)
  /// Of no use here, in words.
  case other(String)
}
