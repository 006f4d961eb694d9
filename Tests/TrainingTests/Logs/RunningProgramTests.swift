import Foundation
import Testing

@testable import Training

struct RunningProgramTests {
  private static let commit = String(repeating: "0123456789", count: 4)

  /// A repository with an executable in it that was made at a time, the reference at another.
  private func found(
    builtSeconds: Double, movedSeconds: Double, isPacked: Bool = false
  ) throws -> String? {
    let files = FileManager.default
    let folder = NSTemporaryDirectory() + "duiqi-program-\(UUID().uuidString)"
    defer { try? files.removeItem(atPath: folder) }
    try files.createDirectory(
      atPath: folder + "/.git/refs/heads", withIntermediateDirectories: true)
    try files.createDirectory(atPath: folder + "/build", withIntermediateDirectories: false)
    let reference =
      isPacked
      ? (".git/packed-refs", Self.commit + " refs/heads/main\n")
      : (".git/refs/heads/main", Self.commit + "\n")
    let contents = [
      (".git/HEAD", "ref: refs/heads/main\n", 100), (reference.0, reference.1, movedSeconds),
      ("build/program", "", builtSeconds),
    ]
    for (name, text, seconds) in contents {
      let path = folder + "/" + name
      try text.write(toFile: path, atomically: false, encoding: .utf8)
      try files.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: seconds)], ofItemAtPath: path)
    }
    return RunningProgram.commit(ofExecutable: folder + "/build/program")
  }

  @Test(arguments: [false, true])
  func `a commit is claimed only where the repository has not moved since`(
    isPacked: Bool
  ) throws {
    #expect(
      try found(builtSeconds: 300, movedSeconds: 200, isPacked: isPacked) == Self.commit)
    #expect(try found(builtSeconds: 200, movedSeconds: 300, isPacked: isPacked) == nil)
    // The branch was checked out later.
    #expect(try found(builtSeconds: 50, movedSeconds: 20, isPacked: isPacked) == nil)
  }

  @Test func `the program's digest is that of its file`() throws {
    let digest = try #require(RunningProgram.sha256)
    #expect(digest.utf8.count == 64 && digest.allSatisfy(\.isHexDigit))
  }
}
