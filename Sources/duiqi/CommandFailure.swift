internal import Glibc

/// What goes wrong in the command line itself.
enum CommandFailure: Error {
  /// Standard output took no more, for another reason than that its reader went away.
  case output(code: Int32)
  /// Options that do not go together, or that this version does not have.
  case usage(found: String, expected: String, advice: String)

  var isUsageError: Bool {
    if case .usage = self { true } else { false }
  }
}

extension CommandFailure: CustomStringConvertible {
  var description: String {
    switch self {
    case .output(let code):
      "standard output cannot be written: \(String(cString: strerror(code))). Room for all of the "
        + "output was expected. Make room or send it elsewhere."
    case .usage(let found, let expected, let advice):
      "\(found). \(expected). \(advice)"
    }
  }
}
