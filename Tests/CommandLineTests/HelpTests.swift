import FileTestSupport
import Foundation
import Testing

/// The help of every command as it was agreed on: names and flags are a promise.
///
/// The texts are in `Help/`, one for each command. Where a change is meant, write them anew and
/// look at the difference:
///
///     DUIQI_WRITE_HELP=1 swift test --filter HelpTests
@Suite struct HelpTests {
  private static let folder = RepositoryFiles.root + "/Tests/CommandLineTests/Help"
  private static let isWriting =
    ProcessInfo.processInfo.environment["DUIQI_WRITE_HELP"] == "1"

  private func commands() throws -> [String] {
    let help = try DuiqiProcess.run("--help").output
    let list = try #require(help.firstRange(of: "SUBCOMMANDS:"))
    return help[list.upperBound...].split(separator: "\n").compactMap { line in
      line.firstMatch(of: #/^  ([a-z0-9-]+)( |$)/#).map { String($0.1) }
    }
  }

  private func compare(_ help: String, _ name: String) throws {
    let path = "\(Self.folder)/\(name).txt"
    if Self.isWriting { try Data(help.utf8).write(to: URL(filePath: path)) }
    let kept = try? String(contentsOfFile: path, encoding: .utf8)
    #expect(help == kept, "\(name): the help is not that of Help/\(name).txt")
  }

  @Test func `the help of every command is the one that is kept`() throws {
    try compare(try DuiqiProcess.run("--help").output, "duiqi")
    for command in try commands() {
      let outcome = try DuiqiProcess.run(command, "--help")
      #expect(outcome.code == 0 && outcome.errors == "")
      try compare(outcome.output, command)
    }
  }

  @Test func `every command shows an example of itself`() throws {
    for command in try commands() {
      let help = try DuiqiProcess.run(command, "--help").output
      let example = try #require(help.firstRange(of: "Example:"), "\(command)")
      #expect(help[example.upperBound...].contains("duiqi \(command) "))
    }
  }

  @Test func `every kept help is that of a command, and hidden ones are not listed`() throws {
    let kept = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
    #expect(kept.sorted() == (try commands() + ["duiqi"]).map { "\($0).txt" }.sorted())
    #expect(!(try commands().contains("probe-hdf5")))
  }
}
