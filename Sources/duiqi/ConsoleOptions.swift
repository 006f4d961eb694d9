internal import ArgumentParser

/// How much a command says while it works.
struct ConsoleOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Say nothing on standard error but errors.")
  var quiet = false

  /// Says something on standard error, unless that is not wanted.
  func note(_ line: String) {
    if !quiet { Terminal.writeError(line + "\n") }
  }

  func noteDamage(_ pairs: [String]) {
    for pair in pairs { note("skipped \(pair)") }
  }
}
