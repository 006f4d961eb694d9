internal import Foundation
internal import Glibc

/// A running `FileTestProcess`.
public final class ChildProcess {
  /// Where the executable is: beside the tests.
  public static let executable: String = {
    let tests = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appending(path: "FileTestProcess").path
  }()

  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  public init(_ arguments: String...) throws {
    process.executableURL = URL(filePath: Self.executable)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit {
    if process.isRunning { kill() }
  }

  public var number: Int32 { process.processIdentifier }

  /// Waits for the child's next words.
  public func nextOutput() -> String {
    String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
  }

  /// Ends it as the system does when memory is short: without a word to it.
  public func kill() {
    _ = Glibc.kill(number, SIGKILL)
    process.waitUntilExit()
  }

  /// Tells it to end, by the end of its input, and waits.
  public func finish() -> Int32 {
    input.fileHandleForWriting.closeFile()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
