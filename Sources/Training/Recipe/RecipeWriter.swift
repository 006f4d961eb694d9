/// Writes keys and values as YAML groups, two blanks a level.
struct RecipeWriter {
  private(set) var text = ""
  private var open: [Substring] = []

  /// Adds a key with its dots; keys of a group follow each other.
  mutating func add(_ path: String, _ value: String) {
    let parts = path.split(separator: ".")
    let groups = Array(parts.dropLast())
    let shared = zip(groups, open).prefix { $0.0 == $0.1 }.count
    for depth in shared..<groups.count {
      text += String(repeating: "  ", count: depth) + groups[depth] + ":\n"
    }
    open = groups
    text += String(repeating: "  ", count: groups.count) + (parts.last ?? "") + ": \(value)\n"
  }

  static func list(_ items: [String]) -> String {
    "[" + items.map(quoted).joined(separator: ", ") + "]"
  }

  /// A text in double quotes, so that no character of it means anything to YAML.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _
      where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        || [0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF].contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
