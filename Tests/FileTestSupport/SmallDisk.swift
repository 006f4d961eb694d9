internal import Foundation

/// A disk of one MiB in memory, for one child process, which is gone when the process is.
public enum SmallDisk {
  /// Whether the system lets us have one: it takes a namespace of our own.
  public static let isAvailable = (try? output(of: "true", [])) == ""

  /// Runs `FileTestProcess COMMAND FOLDER` where the folder is on such a disk.
  public static func run(_ command: String, in folder: String) throws -> String {
    try output(
      of: #"mount -t tmpfs -o size=1m none "$2" && exec "$0" "$1" "$2""#,
      [ChildProcess.executable, command, folder])
  }

  private static func output(of script: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/unshare")
    let probe = "mount -t tmpfs -o size=1m none /mnt && "
    process.arguments =
      [
        "--user", "--map-root-user", "--mount", "sh", "-c",
        arguments.isEmpty ? probe + script : script,
      ] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let report = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: report, as: UTF8.self)
  }
}
