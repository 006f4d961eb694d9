import FileTestSupport
import Glibc
import Testing

@testable import DurableFiles

/// Temporary files of processes that are gone, beside those of others that are not.
@Suite struct AbandonedFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  @Test func `a living process's file stays, a killed one's goes`() throws {
    let child = try ChildProcess("write-file", path("a.txt"))
    let name = child.nextOutput()
    #expect(folder.names() == [name])
    #expect(AtomicFile.sweepAbandoned(in: folder.path) == [])
    #expect(folder.names() == [name])
    child.kill()
    #expect(folder.names() == [name])
    #expect(AtomicFile.sweepAbandoned(in: folder.path) == [name])
    #expect(folder.names() == [])
  }

  @Test func `a file of our own is published whatever is swept, and others can lock it then`()
    throws
  {
    let file = try AtomicFile(path("a.txt"))
    try file.write([1])
    #expect(AtomicFile.sweepAbandoned(in: folder.path) == [])
    file.flushInBackground()
    #expect(AtomicFile.sweepAbandoned(in: folder.path) == [])
    try file.publish()
    #expect(try folder.bytes(of: "a.txt") == [1])
    let other = try FileDescriptor(path("a.txt"), flags: O_RDWR, operation: .open)
    #expect(flock(other.number, LOCK_EX | LOCK_NB) == 0)
    withExtendedLifetime(file) {}
  }

  /// A number of a process says nothing: ours is in one name, and that of nobody in another.
  @Test func `only files that nobody publishes are swept away`() throws {
    let left = [".a.txt.\(getpid())-1.duiqi-tmp", ".b.h5.9-33.duiqi-tmp"]
    let kept = [".duiqi-tmp.txt", ".hidden", "a.txt", "b.duiqi-tmp"]
    for name in left + kept { try folder.write([1], to: name) }
    #expect(Set(AtomicFile.sweepAbandoned(in: folder.path)) == Set(left))
    #expect(folder.names() == kept)
    #expect(AtomicFile.sweepAbandoned(in: folder.path) == [])
    #expect(AtomicFile.sweepAbandoned(in: path("missing")) == [])
  }

  @Test func `neither links nor folders nor second names are swept away`() throws {
    try folder.write([1], to: "a.txt")
    try #require(symlink("a.txt", path(".b.txt.1-1.duiqi-tmp")) == 0)
    try #require(mkfifo(path(".c.txt.1-1.duiqi-tmp"), 0o600) == 0)
    try Folder.create(path(".d.txt.1-1.duiqi-tmp"))
    try #require(link(path("a.txt"), path(".e.txt.1-1.duiqi-tmp")) == 0)
    let names = folder.names()
    #expect(AtomicFile.sweepAbandoned(in: folder.path) == [])
    #expect(folder.names() == names)
    // The last name of a file takes its room.
    try folder.remove("a.txt")
    #expect(AtomicFile.sweepAbandoned(in: folder.path) == [".e.txt.1-1.duiqi-tmp"])
  }

  @Test func `a file that was swept away before it was locked is made anew`() throws {
    var swept: [String] = []
    let file = try AtomicFile(path("a.txt")) { _ in
      if swept.isEmpty { swept = AtomicFile.sweepAbandoned(in: folder.path) }
    }
    #expect(swept.count == 1 && folder.names() == [Folder.lastName(of: file.temporaryPath)])
    try file.write([1])
    try file.publish()
    #expect(try folder.bytes(of: "a.txt") == [1])
  }

  @Test func `a file that is being swept away is left to its sweeper`() throws {
    var sweepers: [FileLock] = []
    let file = try AtomicFile(path("a.txt")) { temporaryPath in
      if sweepers.isEmpty, let lock = try? FileLock(temporaryPath) { sweepers.append(lock) }
    }
    #expect(sweepers.count == 1 && folder.names().count == 2)
    try file.write([1])
    try file.publish()
    sweepers = []
    #expect(AtomicFile.sweepAbandoned(in: folder.path).count == 1)
    #expect(folder.names() == ["a.txt"])
  }

  @Test func `a file that is swept away again and again is an error`() {
    let error = #expect(throws: FileError.self) {
      try AtomicFile(path("a.txt")) { _ in AtomicFile.sweepAbandoned(in: folder.path) }
    }
    #expect(error?.problem == "it was deleted each time it was made")
    #expect(folder.names() == [])
  }
}
