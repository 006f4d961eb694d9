internal import Glibc

/// Standard output, unbuffered, so that a long run shows what it has.
enum Console {
  static func write(_ text: String) {
    let line = Array((text + "\n").utf8)
    var sent = 0
    while sent < line.count {
      let count = line.withUnsafeBytes { Glibc.write(1, $0.baseAddress! + sent, $0.count - sent) }
      if count <= 0 { return }
      sent += count
    }
  }

  /// Ends the run with what is missing and what to do about it.
  static func fail(_ message: String) -> Never {
    write(message)
    exit(1)
  }
}

/// Numbers as tables show them.
enum Figure {
  /// With as many digits behind the point as are worth reading.
  static func number(_ value: Double) -> String {
    let digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3
    return fixed(value, digits)
  }

  static func percent(_ share: Double) -> String { fixed(100 * share, 0) + " %" }

  static func milliseconds(_ seconds: Double) -> String { fixed(1_000 * seconds, 3) }

  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "-" }
    let scale = pow(10, Double(digits))
    let scaled = Int((abs(value) * scale).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if digits == 0 { return "\(sign)\(scaled)" }
    let fraction = String(scaled % Int(scale))
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(sign)\(scaled / Int(scale)).\(zeros)\(fraction)"
  }
}
