import DurableFiles
import FileTestSupport
import Testing

@Suite struct PartialFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `a file gets its name when it is whole, and what was left is gone on with`() throws {
    try folder.write("left by somebody", to: "a.partial")
    let file = try PartialFile("\(folder.path)/a")
    try file.cut(toBytes: 5)
    try file.write(Array("here".utf8), at: 5)
    #expect(folder.names() == ["a.partial"])
    let isPublished = try file.publish()
    #expect(isPublished && folder.names() == ["a"])
    #expect(try folder.text(of: "a") == "left here")
  }

  @Test func `a file that was deleted is not published, nor is another's in its place`() throws {
    let file = try PartialFile("\(folder.path)/a")
    try folder.remove("a.partial")
    let isPublished = try file.publish()
    #expect(!isPublished && folder.names() == [])
    try folder.write("another's", to: "a.partial")
    let isOthersPublished = try file.publish()
    try file.remove()
    #expect(!isOthersPublished && folder.names() == ["a.partial"])
  }
}
