/// Members of a shard that are part of no pair: by their names neither image, nor text, nor JSON.
///
/// Names split at the first dot, so `photo.1.png` is a member `1.png` of the pair `photo`. Folders,
/// hidden files and the leavings of other systems are not counted.
public struct IgnoredMembers: Equatable, Sendable {
  public internal(set) var count = 0
  /// The name of the first one; empty where there is none.
  public internal(set) var first = ""

  mutating func add(_ name: String) {
    if count == 0 { first = name }
    count += 1
  }
}

extension IgnoredMembers: CustomStringConvertible {
  /// A sentence for people that says how such names come about.
  public var description: String {
    guard count > 0 else { return "no member is passed over" }
    return (count == 1 ? "1 member is" : "\(count) members are")
      + " passed over as neither image, text nor JSON, the first is `\(first)`; "
      + "names split at the first dot"
  }
}
