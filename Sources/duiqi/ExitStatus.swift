internal import ArgumentParser
internal import Training

/// How the process ends, and what it says of an error that ends it.
enum ExitStatus {
  static let failure: Int32 = 1
  /// Wrong usage or a wrong recipe.
  static let usage: Int32 = 2

  /// The code of a process that a signal stopped after it had saved what there was.
  static func stopped(by signal: Int32) -> Int32 { 128 + signal }

  /// Writes an error for people, or the help that was asked for. - Returns: the exit code.
  static func report(_ error: any Error) -> Int32 {
    if let code = error as? ExitCode { return code.rawValue }
    if case .interrupted(let signal)? = error as? ModelError {
      complain("\(error)")
      return stopped(by: signal)
    }
    switch Duiqi.exitCode(for: error) {
    case .success:
      return report { () throws(CommandFailure) in
        let text = Duiqi.fullMessage(for: error)
        try Terminal.write(text.hasSuffix("\n") ? text : text + "\n")
      }
    case .validationFailure:
      // The parser's own errors come with the command's usage.
      let text = Duiqi.fullMessage(for: error)
      let prefix = "Error: "
      complain(text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
      return usage
    default:
      complain("\(error)")
      return code(of: error)
    }
  }

  private static func report(_ body: () throws(CommandFailure) -> Void) -> Int32 {
    do throws(CommandFailure) {
      try body()
      return 0
    } catch {
      complain("\(error)")
      return failure
    }
  }

  private static func complain(_ text: String) { Terminal.writeError("duiqi: \(text)\n") }

  private static func code(of error: any Error) -> Int32 {
    switch error {
    case let error as ModelError: error.isUsageError ? usage : failure
    case let error as CommandFailure: error.isUsageError ? usage : failure
    case is RecipeError: usage
    default: failure
    }
  }
}
