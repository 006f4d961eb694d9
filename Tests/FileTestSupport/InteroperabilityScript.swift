internal import Foundation

/// Python's view of what was written: `Tests/Interoperability`.
public enum InteroperabilityScript {
  /// The environment that `make test` makes, or another that `DUIQI_PYTHON` names.
  private static let python: String? = {
    let named = ProcessInfo.processInfo.environment["DUIQI_PYTHON"]
    // Not standardized: that follows the link to an interpreter without the environment's packages.
    let path = named ?? RepositoryFiles.root + "/.venv/bin/python"
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  public static let isAvailable = python != nil

  /// Runs a script to its end; its report is everything that it printed.
  public static func run(
    _ script: String, _ arguments: String...
  ) throws -> (isGood: Bool, report: String) {
    guard let python else { return (false, "there is no interoperability environment") }
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments =
      [RepositoryFiles.root + "/Tests/Interoperability/\(script)"] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let report = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus == 0, String(decoding: report, as: UTF8.self))
  }
}
