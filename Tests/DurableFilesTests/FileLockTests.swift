import FileTestSupport
import Glibc
import Testing

@testable import DurableFiles

@Suite struct FileLockTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/.lock"
  }

  @Test func `a second holder is refused and told who holds it`() throws {
    let lock = try FileLock(path)
    let error = #expect(throws: FileError.self) { try FileLock(path) }
    #expect(
      error
        == FileError(
          .lock, path: path, code: EWOULDBLOCK,
          problem: "process \(getpid()) is using this folder"))
    withExtendedLifetime(lock) {}
  }

  @Test func `a lock is let go with its holder`() throws {
    do { _ = try FileLock(path) }
    _ = try FileLock(path)
  }

  @Test func `another process keeps us out until it is killed`() throws {
    let child = try ChildProcess("lock", path)
    try #require(child.nextOutput() == "locked")
    let error = #expect(throws: FileError.self) { try FileLock(path) }
    #expect(error?.problem == "process \(child.number) is using this folder")
    child.kill()
    let lock = try FileLock(path)
    // The number of a longer holder does not shine through.
    #expect(try folder.bytes(of: ".lock") == Array("\(getpid())".utf8))
    withExtendedLifetime(lock) {}
  }

  @Test func `we keep another process out`() throws {
    let lock = try FileLock(path)
    let child = try ChildProcess("lock", path)
    #expect(child.nextOutput().contains("process \(getpid()) is using this folder"))
    #expect(child.finish() == 1)
    withExtendedLifetime(lock) {}
  }

  /// Whoever deletes it can lock a new one before the old one is locked.
  @Test func `a file that was deleted before it was locked is not the one that is locked`() throws {
    var (other, isFirst) = (FileLock?.none, true)
    let error = #expect(throws: FileError.self) {
      try FileLock(path) {
        guard isFirst else { return }
        isFirst = false
        unlink(path)
        other = try? FileLock(path)
      }
    }
    #expect(error?.code == EWOULDBLOCK && other != nil)
    (other, isFirst) = (nil, true)
    let lock = try FileLock(path) {
      if isFirst { unlink(path) }
      isFirst = false
    }
    #expect(throws: FileError.self) { try FileLock(path) }
    withExtendedLifetime(lock) {}
  }

  @Test func `a file that is deleted again and again is an error`() {
    let error = #expect(throws: FileError.self) { try FileLock(path) { unlink(path) } }
    #expect(error?.problem == "it was deleted each time it was to be locked")
  }

  @Test func `a lock that cannot be made is a typed error`() throws {
    let file = try folder.write([], to: "file")
    #expect(throws: FileError(.lock, path: "\(file)/.lock", code: ENOTDIR)) {
      try FileLock("\(file)/.lock")
    }
  }
}
