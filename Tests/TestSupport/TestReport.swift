internal import Foundation

/// Numbers that a passing test has to tell.
public enum TestReport {
  /// Writes one line beside the test's own report, whether or not anything fails.
  public static func show(_ line: String) {
    forward(Array("  measured: \(line)\n".utf8))
  }

  /// Hands on what a process of the test's own has shown.
  public static func forward(_ bytes: [UInt8]) {
    FileHandle.standardError.write(Data(bytes))
  }
}
