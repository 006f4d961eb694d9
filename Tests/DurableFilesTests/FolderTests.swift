import DurableFiles
import FileTestSupport
import Glibc
import Testing

@Suite struct FolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `a failure's reason is its own, whatever failed after it`() {
    let refused = FileError(.list, path: "photos", code: EACCES)
    errno = ENOENT
    #expect(refused.reason == "Permission denied")
    let told = FileError(.read, path: "photos", code: EACCES, problem: "it is too large")
    #expect(told.reason == "it is too large" && told.description.contains("it is too large. "))
  }

  @Test func `folders are made with those above them, and again without harm`() throws {
    let path = "\(folder.path)/a/b//c/"
    try Folder.create(path)
    #expect(Folder.exists("\(folder.path)/a/b/c"))
    try Folder.create(path)
  }

  @Test func `a file on the way is a typed error that names it`() throws {
    let file = try folder.write([], to: "file")
    #expect(throws: FileError(.create, path: file, code: ENOTDIR)) { try Folder.create(file) }
    #expect(throws: FileError(.create, path: "\(file)/a", code: ENOTDIR)) {
      try Folder.create("\(file)/a")
    }
    let error = #expect(throws: FileError.self) { try Folder.create("/proc/a") }
    #expect(error?.operation == .create && error?.path == "/proc/a")
  }

  @Test func `names come in byte order`() throws {
    for name in ["b", "a", "图", "B", ".c"] { try folder.write([], to: name) }
    #expect(try Folder.names(in: folder.path) == [".c", "B", "a", "b", "图"])
    #expect(throws: FileError(.list, path: "\(folder.path)/x", code: ENOENT)) {
      try Folder.names(in: "\(folder.path)/x")
    }
  }

  @Test(arguments: [
    ("a/b", "a", "b"), ("/a", "/", "a"), ("a", ".", "a"), ("/a/b/c.h5", "/a/b", "c.h5"),
  ])
  func `a path has a folder and a last name`(_ path: String, _ parent: String, _ name: String) {
    #expect(Folder.parent(of: path) == parent)
    #expect(Folder.lastName(of: path) == name)
  }

  @Test func `only regular files have a size`() throws {
    let file = try folder.write([1, 2, 3], to: "file")
    #expect(Folder.fileBytes(at: file) == 3)
    #expect(Folder.fileBytes(at: folder.path) == nil)
    #expect(Folder.fileBytes(at: "\(folder.path)/x") == nil)
    #expect(Folder.fileBytes(at: "/dev/null") == nil)
  }

  @Test func `free room is known where there is a folder`() throws {
    #expect(try #require(Folder.freeBytes(at: folder.path)) > 0)
    #expect(Folder.freeBytes(at: "\(folder.path)/x") == nil)
    // It has no blocks to count.
    #expect(Folder.freeBytes(at: "/proc") == nil)
  }
}
