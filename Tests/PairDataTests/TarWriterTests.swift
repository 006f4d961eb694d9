import FileTestSupport
import Foundation
import Testing

@testable import PairData

@Suite struct TarWriterTests {
  static let names = [
    "0001.jpg", "图/一只猫.txt", String(repeating: "d", count: 120) + "/0001.png",
    String(repeating: "n", count: 101), String(repeating: "长", count: 100) + ".json",
    String(repeating: "e/", count: 200) + "x.txt",
  ]

  private static func archive() throws -> [UInt8] {
    var bytes: [UInt8] = []
    for (index, name) in names.enumerated() {
      bytes += try TarWriter.member(
        name: name, data: [UInt8](repeating: UInt8(index), count: index * 511))
    }
    return bytes + TarWriter.end(afterBytes: Int64(bytes.count))
  }

  @Test func `what is written reads back`() throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.archive()
    let members = try tarMembers(bytes, in: folder)
    #expect(members.map(\.name) == Self.names)
    for (index, member) in members.enumerated() {
      #expect(member.size == Int64(index * 511))
      let data = bytes[Int(member.offset)..<Int(member.offset + member.size)]
      #expect(data.allSatisfy { $0 == UInt8(index) })
    }
    #expect(bytes.count % 10_240 == 0)
    #expect(try Self.archive() == bytes)
  }

  @Test func `Python's tarfile reads what is written`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(try Self.archive(), to: "a.tar")
    let script = "import sys,tarfile\nfor m in tarfile.open(sys.argv[1]): print(m.name, m.size)"
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, path]
    process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONUTF8": "1"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let expected = Self.names.enumerated().map { "\($1) \($0 * 511)\n" }.joined()
    #expect(text == expected)
  }

  @Test func `a size of 8 GiB goes into a PAX header`() throws {
    let head = try TarWriter.header(name: "a.bin", size: 1 << 33)
    #expect(head.count == 3 * 512)
    #expect(String(decoding: head[512..<1024], as: UTF8.self).contains("19 size=8589934592\n"))
  }

  @Test(arguments: ["", "/etc/passwd", "a\u{0}b", "folder/"])
  func `names that are no member's are refused`(name: String) {
    #expect {
      _ = try TarWriter.member(name: name, data: [])
    } throws: { error in
      guard case .unwritableMember(name, _) = error as? PairDataError else { return false }
      return true
    }
  }
}
