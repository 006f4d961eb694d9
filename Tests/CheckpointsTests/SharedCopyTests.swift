import Foundation
import Testing

@testable import DurableFiles

@Suite struct SharedCopyTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/duiqi-\(UUID().uuidString)"

  init() throws {
    try Folder.create(folder)
    try AtomicFile.write([1, 2, 3], to: "\(folder)/original")
  }

  private func read(_ name: String) throws -> [UInt8] {
    try FileContents.read("\(folder)/\(name)", limit: 100)
  }

  @Test func `a copy stays when the original goes or is replaced`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try SharedCopy.make(of: "\(folder)/original", at: "\(folder)/copy")
    try AtomicFile.write([4], to: "\(folder)/original")
    #expect(try read("copy") == [1, 2, 3])
    #expect(unlink("\(folder)/original") == 0)
    #expect(try read("copy") == [1, 2, 3])
  }

  @Test func `a copy of a link is of what it points to`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicLink.replace("\(folder)/best", target: "original")
    try SharedCopy.make(of: "\(folder)/best", at: "\(folder)/copy")
    try AtomicFile.write([4], to: "\(folder)/other")
    try AtomicLink.replace("\(folder)/best", target: "other")
    #expect(try read("copy") == [1, 2, 3])
    #expect(AtomicLink.target(of: "\(folder)/copy") == nil)
  }

  @Test func `an older copy is replaced, and a copy onto itself does nothing`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write([9], to: "\(folder)/copy")
    for _ in 0..<2 {
      try SharedCopy.make(of: "\(folder)/original", at: "\(folder)/copy")
      #expect(try read("copy") == [1, 2, 3])
    }
    try SharedCopy.make(of: "\(folder)/copy", at: "\(folder)/copy")
    #expect(try Folder.names(in: folder) == ["copy", "original"])
  }

  @Test func `where links are not possible the bytes are copied`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try AtomicFile.write(bytes, to: "\(folder)/original")
    try SharedCopy.copy("\(folder)/original", to: "\(folder)/copy")
    #expect(try FileContents.read("\(folder)/copy", limit: 1 << 22) == bytes)
  }
}
