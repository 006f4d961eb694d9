import DurableFiles
import FileTestSupport
import Glibc
import Testing

@Suite struct FileContentsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `a file is read whole or from its beginning`() throws {
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
    let path = try folder.write(bytes, to: "a")
    #expect(try FileContents.read(path, limit: 10_000) == bytes)
    #expect(try FileContents.readPrefix(path, count: 5) == [0, 1, 2, 3, 4])
    #expect(try FileContents.readPrefix(path, count: 20_000) == bytes)
    #expect(try FileContents.readPrefix(path, count: 0) == [])
    let empty = try folder.write([], to: "empty")
    #expect(try FileContents.read(empty, limit: 0) == [])
  }

  @Test func `an open file is read anywhere, and not beyond its end`() throws {
    let path = try folder.write([0, 1, 2, 3, 4], to: "a")
    let file = try OpenFile(path)
    #expect(file.byteCount == 5)
    #expect(try file.read(3..<5) == [3, 4])
    #expect(try file.read(2..<2) == [])
    let error = #expect(throws: FileError.self) { try file.read(3..<6) }
    #expect(error?.problem == "it ends before byte 6")
    #expect(throws: FileError.self) { try OpenFile(folder.path) }
  }

  @Test func `a larger file is refused with both sizes`() throws {
    let path = try folder.write([1, 2, 3], to: "a")
    let error = #expect(throws: FileError.self) { try FileContents.read(path, limit: 2) }
    #expect(error?.code == EFBIG)
    #expect(error?.problem == "it has 3 bytes, at most 2 are read")
  }

  @Test func `what is no regular file is refused, not waited for`() throws {
    let pipe = "\(folder.path)/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, folder.path, "/dev/null"] {
      let error = #expect(throws: FileError.self) { try FileContents.read(path, limit: 10) }
      #expect(error?.problem == "it is no regular file")
      #expect(throws: FileError.self) { try FileContents.readPrefix(path, count: 10) }
    }
    #expect(throws: FileError(.open, path: "\(folder.path)/x", code: ENOENT)) {
      try FileContents.read("\(folder.path)/x", limit: 10)
    }
  }

  @Test func `a message says what was found, what was expected and what to do`() {
    let error = FileError(.write, path: "a.h5", code: ENOSPC)
    #expect(
      error.description == "a.h5: cannot write: No space left on device. "
        + "Room on the disk was expected. Free some or use another folder.")
  }
}
