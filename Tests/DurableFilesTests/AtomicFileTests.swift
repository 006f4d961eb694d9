import FileTestSupport
import Glibc
import Testing

@testable import DurableFiles

@Suite struct AtomicFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  @Test func `a file has its name only when it is published`() throws {
    let file = try AtomicFile(path("a.txt"))
    try file.write([1, 2])
    try file.write([])
    try file.write([3])
    #expect(folder.names() == [Folder.lastName(of: file.temporaryPath)])
    #expect(AtomicFile.isTemporary(Folder.lastName(of: file.temporaryPath)))
    try file.publish()
    #expect(folder.names() == ["a.txt"])
    #expect(try folder.bytes(of: "a.txt") == [1, 2, 3])
  }

  @Test func `bytes in the middle are replaced before anyone sees the file`() throws {
    let file = try AtomicFile(path("a.txt"))
    try file.write([0, 0, 0, 3])
    try file.rewrite([1, 2], at: 1)
    try file.write([4])
    try file.publish()
    #expect(try folder.bytes(of: "a.txt") == [0, 1, 2, 3, 4])
  }

  @Test func `what stands there stays until the new file is whole`() throws {
    try folder.write([9], to: "a.txt")
    let file = try AtomicFile(path("a.txt"))
    try file.write([1])
    #expect(try folder.bytes(of: "a.txt") == [9])
    try file.publish()
    #expect(try folder.bytes(of: "a.txt") == [1])
  }

  @Test func `a file that is given up leaves nothing`() throws {
    do {
      let file = try AtomicFile(path("a.txt"))
      try file.write([UInt8](repeating: 1, count: 100_000))
    }
    #expect(folder.names() == [])
  }

  @Test func `two writers of one name do not meet`() throws {
    let first = try AtomicFile(path("a.txt"))
    let second = try AtomicFile(path("a.txt"))
    #expect(first.temporaryPath != second.temporaryPath)
    try first.write([1])
    try second.write([2])
    try first.publish()
    try second.publish()
    #expect(try folder.bytes(of: "a.txt") == [2])
    #expect(folder.names() == ["a.txt"])
  }

  @Test func `the temporary file is flushed, then renamed, by its own inode`() throws {
    let file = try AtomicFile(path("a.txt"))
    var written = stat()
    try #require(stat(file.temporaryPath, &written) == 0)
    try file.flush()
    try file.publish()
    var published = stat()
    try #require(stat(path("a.txt"), &published) == 0)
    #expect(written.st_ino == published.st_ino)
    #expect(published.st_nlink == 1)
  }

  @Test func `only what killed processes left is swept away`() throws {
    let left = [".a.txt.12-1.duiqi-tmp", ".b.h5.9-33.duiqi-tmp"]
    let kept = [".duiqi-tmp.txt", ".hidden", "a.txt", "b.duiqi-tmp"]
    for name in left + kept { try folder.write([1], to: name) }
    #expect(try AtomicFile.sweepTemporaries(in: folder.path) == left)
    #expect(folder.names() == kept)
    #expect(try AtomicFile.sweepTemporaries(in: folder.path) == [])
  }

  @Test func `a folder that takes no file is a typed error that names the file`() throws {
    let file = try folder.write([], to: "file")
    let expectations: [(path: String, code: Int32)] = [
      ("\(file)/a.txt", ENOTDIR), (path("missing/a.txt"), ENOENT),
    ]
    for (path, code) in expectations {
      let error = #expect(throws: FileError.self) { try AtomicFile(path) }
      #expect(error == FileError(.create, path: path, code: code))
    }
    // Not even the superuser makes files there.
    let error = #expect(throws: FileError.self) { try AtomicFile("/proc/a.txt") }
    #expect(error?.operation == .create && error?.path == "/proc/a.txt")
  }

  @Test func `a folder in the file's place is a typed error and leaves nothing`() throws {
    try Folder.create(path("a.txt"))
    let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: path("a.txt")) }
    #expect(error == FileError(.publish, path: path("a.txt"), code: EISDIR))
    #expect(folder.names() == ["a.txt"])
  }

  @Test func `no room is said to be so and leaves nothing`() async throws {
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      FileSizeLimit.set(10_000)
      let error = #expect(throws: FileError.self) {
        let file = try AtomicFile("\(folder)/a.txt")
        for _ in 0..<20 { try file.write([UInt8](repeating: 1, count: 1_000)) }
        try file.publish()
      }
      #expect(error == FileError(.write, path: "\(folder)/a.txt", code: EFBIG))
      #expect(error?.isDiskFull == true)
      let left = try Folder.names(in: folder)
      #expect(left == [])
    }
  }

  @Test(.enabled(if: SmallDisk.isAvailable))
  func `a full disk is said to be so and leaves nothing`() throws {
    let report = try SmallDisk.run("fill-file", in: folder.path)
    #expect(report.hasPrefix("\(folder.path)/a.txt: cannot write: No space left on device. "))
    #expect(report.hasSuffix("\nleft: []"))
  }
}
