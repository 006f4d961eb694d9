import FileTestSupport
import Glibc
import Testing

@testable import DurableFiles

@Suite struct SharedCopyTests {
  private let folder: TemporaryFolder
  private let source: String
  private let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }

  init() throws {
    folder = try TemporaryFolder()
    source = try folder.write(bytes, to: "a.h5")
  }

  private func inode(_ name: String) throws -> UInt {
    var status = stat()
    try #require(stat("\(folder.path)/\(name)", &status) == 0)
    return status.st_ino
  }

  @Test func `a second name costs no room and outlives the first`() throws {
    try SharedCopy.make(of: source, at: "\(folder.path)/b.h5")
    #expect(try inode("a.h5") == inode("b.h5"))
    unlink(source)
    #expect(try folder.bytes(of: "b.h5") == bytes)
    #expect(folder.names() == ["b.h5"])
  }

  @Test func `a link's file is copied, not the link`() throws {
    try AtomicLink.replace("\(folder.path)/best.h5", target: "a.h5")
    try SharedCopy.make(of: "\(folder.path)/best.h5", at: "\(folder.path)/b.h5")
    try AtomicLink.replace("\(folder.path)/best.h5", target: "other.h5")
    #expect(try folder.bytes(of: "b.h5") == bytes)
  }

  @Test func `making it again changes nothing and leaves nothing`() throws {
    for _ in 0..<2 { try SharedCopy.make(of: source, at: "\(folder.path)/b.h5") }
    #expect(folder.names() == ["a.h5", "b.h5"])
  }

  @Test func `a copy between file systems has the same bytes`() throws {
    try SharedCopy.copy(source, to: "\(folder.path)/b.h5")
    #expect(try inode("a.h5") != inode("b.h5"))
    #expect(try folder.bytes(of: "b.h5") == bytes)
    #expect(folder.names() == ["a.h5", "b.h5"])
  }

  @Test func `a missing source is a typed error and leaves nothing`() throws {
    let missing = "\(folder.path)/x"
    #expect(throws: FileError(.open, path: missing, code: ENOENT)) {
      try SharedCopy.make(of: missing, at: "\(folder.path)/b.h5")
    }
    #expect(folder.names() == ["a.h5"])
  }
}
