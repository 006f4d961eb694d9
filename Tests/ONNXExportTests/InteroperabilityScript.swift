import Foundation
import Testing

/// Python's view of what was written: `Tests/Interoperability`.
enum InteroperabilityScript {
  private static let tests = URL(filePath: #filePath).appending(path: "../..").standardizedFileURL

  /// The environment that `make test` makes, or another that `DUIQI_PYTHON` names.
  private static let python: String? = {
    let named = ProcessInfo.processInfo.environment["DUIQI_PYTHON"]
    // Not standardized: that follows the link to an interpreter without the environment's packages.
    let path = named ?? tests.deletingLastPathComponent().path + "/.venv/bin/python"
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  static let isAvailable = python != nil

  /// Runs a script to its end; its report is everything that it printed.
  static func run(
    _ script: String, _ arguments: String...
  ) throws -> (isGood: Bool, report: String) {
    let process = Process()
    process.executableURL = URL(filePath: try #require(python))
    process.arguments = [tests.appending(path: "Interoperability/\(script)").path] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let report = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus == 0, String(decoding: report, as: UTF8.self))
  }
}
