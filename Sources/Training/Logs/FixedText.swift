/// Numbers and words at a fixed width, for tables and progress lines.
package enum FixedText {
  /// A number with so many decimals, at most 9, rounded half away from zero.
  static func number(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    guard abs(value) * scale < 9e15 else { return "\(value)" }
    let scaled = Int((abs(value) * scale).rounded())
    let sign = value < 0 && scaled != 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(scaled)" }
    let whole = scaled / Int(scale)
    let part = String(scaled % Int(scale))
    return "\(sign)\(whole)." + String(repeating: "0", count: decimals - part.count) + part
  }

  /// A number with two decimals, or with none where it is whole.
  static func short(_ value: Double) -> String {
    number(value, decimals: value == value.rounded() ? 0 : 2)
  }

  /// How many of a thing there are: `1 picture`, `2 pictures`.
  package static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  /// How many of things there are whose plural comes first: `1 pair checked`, `1 pair's captions`.
  static func count(_ number: Int, ofMany things: String) -> String {
    let noun = things.prefix { $0.isLetter }
    guard number == 1, noun.hasSuffix("s") else { return "\(number) \(things)" }
    let rest = things[noun.endIndex...]
    return "1 \(noun.dropLast())" + (rest.hasPrefix("'") ? "'s" + rest.dropFirst() : rest)
  }

  static func left(_ text: String, width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  static func right(_ text: String, width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
