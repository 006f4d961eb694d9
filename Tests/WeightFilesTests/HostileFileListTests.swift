import Foundation
import Testing

/// `docs/hostile-files.md` lists what the suites beside this one try.
@Suite struct HostileFileListTests {
  private static let page = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../docs/hostile-files.md").standardizedFileURL
  private static let start =
    "<!-- list: made from the tests; "
    + "DUIQI_WRITE_HOSTILE=1 swift test --filter HostileFileListTests -->"
  private static let end = "<!-- end of list -->"

  private static let groups: [(heading: String, cases: [HostileCase])] = [
    ("Names that a pickle asks for", HostilePickleTests.names),
    ("Calls, states and other ways to a name", HostilePickleTests.callers),
    ("Programs that are none", HostilePickleTests.stacks),
    ("Growth without bound", HostilePickleTests.growth),
    ("Archives", HostileArchiveTests.members),
    ("Other beginnings, and streams of old PyTorch", HostileArchiveTests.others),
    ("Tensors beyond their storage", HostileTensorTests.views),
    ("Headers of safetensors", HostileSafetensorsTests.cases),
  ]

  private static func answer(_ verdict: HostileCase.Verdict) -> String {
    switch verdict {
    case .forbidden(let name): "refused: `\(name)` is not on the list"
    case .malformed: "refused as malformed"
    case .beyondLimit: "refused as beyond a limit"
    case .unsupported: "refused as not supported"
    case .unknownFormat: "refused as of no known format"
    case .read: "read: the sound twin"
    }
  }

  private static var list: String {
    var lines = [start]
    for group in groups {
      let refused = group.cases.filter { $0.verdict != .read }.count
      lines += ["", "### \(group.heading) (\(refused))", "", "| tried | answer |", "| --- | --- |"]
      lines += group.cases.map { "| \($0.name) | \(answer($0.verdict)) |" }
    }
    let indexes = HostileSafetensorsTests.indexes.map(\.name)
    lines += ["", "### Indexes of several files (\(indexes.count))", "", "| tried | answer |"]
    lines += ["| --- | --- |"] + indexes.map { "| \($0) | refused |" }
    return (lines + ["", end]).joined(separator: "\n")
  }

  @Test func `the page lists every hostile file that is tried`() throws {
    var text = try String(contentsOf: Self.page, encoding: .utf8)
    let first = try #require(text.range(of: Self.start)).lowerBound
    let last = try #require(text.range(of: Self.end)).upperBound
    if ProcessInfo.processInfo.environment["DUIQI_WRITE_HOSTILE"] != nil {
      text.replaceSubrange(first..<last, with: Self.list)
      try text.write(to: Self.page, atomically: true, encoding: .utf8)
      return
    }
    #expect(text[first..<last] == Self.list, "run it with DUIQI_WRITE_HOSTILE=1")
    let cases = Self.groups.flatMap(\.cases)
    #expect(cases.filter { $0.verdict != .read }.count > 150)
    #expect(cases.filter { $0.verdict == .read }.count == 10)
  }
}
