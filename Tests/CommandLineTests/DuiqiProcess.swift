import FileTestSupport
import Foundation
import Testing

/// The built executable, run as a user runs it.
struct DuiqiProcess {
  struct Outcome {
    let code: Int32
    /// Whether a signal ended the process that it did not handle.
    let wasKilled: Bool
    let output: String
    let errors: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }
  }

  /// Beside the test bundle that runs now.
  static let path: String = {
    let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appending(path: "duiqi").path
  }()

  /// Runs a command to its end.
  ///
  /// - Parameters:
  ///   - folder: where it is started.
  ///   - input: a file for its standard input.
  ///   - output: a file for its standard output, which is then not in the outcome.
  ///   - environment: variables besides our own, or instead of them.
  static func run(
    _ arguments: String..., in folder: TemporaryFolder? = nil, input: String = "/dev/null",
    output: String? = nil
  ) throws -> Outcome {
    try run(arguments, in: folder, input: input, output: output)
  }

  static func run(
    _ arguments: [String], in folder: TemporaryFolder? = nil, input: String = "/dev/null",
    output: String? = nil, environment: [String: String] = [:]
  ) throws -> Outcome {
    let process = try prepared(arguments, in: folder)
    process.environment?.merge(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: URL(filePath: input))
    // Files, not pipes: a full pipe would stop the process while the other is read.
    let files = try TemporaryFolder()
    let outputPath = try output ?? files.write([], to: "output")
    let errorPath = try files.write([], to: "errors")
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: outputPath))
    process.standardError = try FileHandle(forWritingTo: URL(filePath: errorPath))
    try process.run()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationStatus, wasKilled: process.terminationReason != .exit,
      output: output == nil ? try files.text(of: "output") : "",
      errors: try files.text(of: "errors"))
  }

  static func prepared(_ arguments: [String], in folder: TemporaryFolder? = nil) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(filePath: folder.path) }
    // Help is laid out for 80 columns where nobody says otherwise.
    var environment = ProcessInfo.processInfo.environment
    environment["COLUMNS"] = nil
    process.environment = environment
    return process
  }
}

/// Expects an error in the command line's own form, and nothing on standard output.
func expectFailure(
  _ outcome: DuiqiProcess.Outcome, code: Int32, naming parts: String...,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.code == code && !outcome.wasKilled, sourceLocation: sourceLocation)
  #expect(outcome.output == "", sourceLocation: sourceLocation)
  #expect(outcome.errors.hasPrefix("duiqi: "), sourceLocation: sourceLocation)
  for part in parts {
    #expect(
      outcome.errors.contains(part), "\(outcome.errors) has no \(part)",
      sourceLocation: sourceLocation)
  }
}
