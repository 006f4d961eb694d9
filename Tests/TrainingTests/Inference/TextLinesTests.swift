import Foundation
import Testing

@testable import Training

@Suite struct TextLinesTests {
  private func lines(_ bytes: [UInt8], atOnce: Int = 3) throws -> [String] {
    let path = NSTemporaryDirectory() + "duiqi-lines-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(bytes).write(to: URL(filePath: path))
    let lines = try TextLines(path)
    var all: [String] = []
    while true {
      let next = try lines.next(atOnce)
      #expect(next.count <= atOnce)
      if next.isEmpty { return all }
      all += next
    }
  }

  @Test(arguments: [
    ("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\n\n", ["a", ""]),
    ("\u{FEFF}a\r\nb\r", ["a", "b"]), ("a\u{2028}b\u{85}c\n", ["a\u{2028}b\u{85}c"]),
    ("1\n2\n3\n4\n5\n6\n7", ["1", "2", "3", "4", "5", "6", "7"]),
  ])
  func `only line feeds end lines`(text: String, expected: [String]) throws {
    #expect(try lines(Array(text.utf8)).map { Array($0.utf8) } == expected.map { Array($0.utf8) })
  }

  @Test func `lines may be longer than what is read at once`() throws {
    let long = String(repeating: "长文字", count: 30_000)
    let text = "\(long)\nshort\n\(long)x\n"
    #expect(try lines(Array(text.utf8)) == [long, "short", "\(long)x"])
  }

  @Test func `bytes that are no text are named by their line`() {
    let error = #expect(throws: ModelError.self) {
      try lines(Array("一\n二\n".utf8) + [0xE4, 0xB8, 0x0A])
    }
    guard case .unreadableLine(_, 3, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `a line without end is refused before it fills the memory`() {
    let error = #expect(throws: ModelError.self) {
      try lines([UInt8](repeating: 0x61, count: TextLines.lineLimit + 200_000))
    }
    guard case .unreadableLine(_, 1, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
