internal import Glibc

/// One number that a suite has measured, for programs that read it.
struct NamedFigure {
  /// What, of which case, in which unit: `checkpoint/write_seconds`.
  let name: String
  let value: Double

  init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }

  /// Writes an object with a member for each. - Returns: whether it is there.
  static func write(_ figures: [NamedFigure], to path: String) -> Bool {
    let members = figures.map { "  \"\($0.name)\": \($0.value)" }.joined(separator: ",\n")
    guard let file = fopen(path, "w") else { return false }
    let isWritten = fputs("{\n\(members)\n}\n", file) >= 0
    return fclose(file) == 0 && isWritten
  }
}
