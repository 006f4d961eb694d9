/// Numbers as recipes write them, read from their source text and nothing else.
///
/// YAML 1.1 would read `012` as 10, `12:30:45` as 45045 and `1_000` as 1000; here none is a number.
enum PlainNumber {
  /// Digits without a leading zero, perhaps after a minus. - Returns: nothing for all else.
  static func integer(_ text: some StringProtocol) -> Int? {
    var digits = Substring(text)
    if digits.first == "-" { digits = digits.dropFirst() }
    guard isWhole(digits) else { return nil }
    return Int(text)
  }

  /// `3`, `0.5`, `.5`, `-2`, `5e-5` or `1.5E+3`. - Returns: nothing for all else or infinity.
  static func decimal(_ text: some StringProtocol) -> Double? {
    var rest = Substring(text)
    if rest.first == "-" { rest = rest.dropFirst() }
    if let mark = rest.firstIndex(where: { $0 == "e" || $0 == "E" }) {
      var exponent = rest[rest.index(after: mark)...]
      if exponent.first == "-" || exponent.first == "+" { exponent = exponent.dropFirst() }
      guard areDigits(exponent), exponent.utf8.count <= 4 else { return nil }
      rest = rest[..<mark]
    }
    if let point = rest.firstIndex(of: ".") {
      guard areDigits(rest[rest.index(after: point)...]) else { return nil }
      rest = rest[..<point]
      guard rest.isEmpty || isWhole(rest) else { return nil }
    } else if !isWhole(rest) {
      return nil
    }
    guard text.utf8.count <= 64, let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// The shortest text that reads back as the same number, whole numbers without a point.
  static func text(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return "\(Int(value))" }
    return "\(value)"
  }

  static func text(_ value: Float) -> String {
    if value == value.rounded(), abs(value) < 1e6 { return "\(Int(value))" }
    return "\(value)"
  }

  private static func areDigits(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func isWhole(_ text: Substring) -> Bool {
    areDigits(text) && (text.utf8.count == 1 || text.first != "0")
  }
}

/// A number and its unit, taken apart: `20 epochs`, `3%`.
struct UnitText {
  let number: Substring
  let unit: Substring

  /// The number ends at the first blank, or without one where the unit begins.
  init?(_ text: String) {
    let isUnit = { (character: Character) in character == "%" || character.isLetter }
    guard
      let end = text.firstIndex(of: " ") ?? text.firstIndex(where: isUnit)
    else { return nil }
    number = text[..<end]
    unit = text[end...].drop { $0 == " " }
    guard !number.isEmpty, !unit.isEmpty else { return nil }
  }
}
