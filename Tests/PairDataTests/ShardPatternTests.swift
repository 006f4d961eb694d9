import FileTestSupport
import Testing

@testable import PairData

@Suite struct ShardPatternTests {
  @Test func `an absolute pattern is told by its name and its folder`() {
    let absolute = PairDataError.noShards(pattern: "/data/muge/train-*.tar", folder: "/")
    #expect(absolute.description.contains("`train-*.tar` matches no file in `/data/muge`"))
    let relative = PairDataError.noShards(pattern: "muge/train-*.tar", folder: "")
    #expect(relative.description.contains("`muge/train-*.tar` matches no file in `.`"))
  }

  @Test func `braces stand for ranges, lists and both`() throws {
    #expect(try ShardPattern.names(for: "a.tar") == ["a.tar"])
    #expect(
      try ShardPattern.names(for: "t-{08..11}.tar").map { $0.dropFirst(2).prefix(2) } == [
        "08", "09", "10", "11",
      ])
    #expect(try ShardPattern.names(for: "{9..10}") == ["9", "10"])
    #expect(
      try ShardPattern.names(for: "{a,b{1..2},}-{x,y}") == [
        "a-x", "a-y", "b1-x", "b1-y", "b2-x", "b2-y", "-x", "-y",
      ])
  }

  @Test(arguments: [
    "", "a{", "a}", "{a", "{}", "{a}", "{1..}", "{..2}", "{1..2..3}", "{1.2}", "{a..c}", "{2..1}",
    "{-1..2}", "{1..99999999999999999999}", "a\u{0}b",
  ])
  func `patterns that mean nothing are refused`(pattern: String) {
    #expect {
      _ = try ShardPattern.expand([pattern], relativeTo: "/")
    } throws: { error in
      guard case .invalidPattern(pattern, _) = error as? PairDataError else { return false }
      return true
    }
  }

  @Test(arguments: [
    "{0..999999999}", "{0..999999}{0..9}", "{0..999}{0..999}{0..9}",
    "{{0..999999},{0..999999}}",
  ])
  func `patterns that stand for too much are refused`(pattern: String) {
    #expect(throws: PairDataError.patternTooLarge(pattern: pattern, limit: 1_000_000)) {
      try ShardPattern.names(for: pattern)
    }
  }

  @Test func `files are found relative to the folder, each once, in byte order`() throws {
    let folder = try TemporaryFolder()
    for name in [
      "data/t-1.tar", "data/t-0.tar", "data/u.tar", "data/.t-2.tar", "data/t-0.tar.index",
      "more/t-0.tar", "data/t-é.tar",
    ] { try folder.write([0], to: name) }
    let found = { (patterns: [String]) in
      try ShardPattern.expand(patterns, relativeTo: folder.path).map {
        String($0.dropFirst(folder.path.count + 1))
      }
    }
    #expect(try found(["data/t-*.tar"]) == ["data/t-0.tar", "data/t-1.tar", "data/t-é.tar"])
    #expect(try found(["data/t-?*"]) == ["data/t-0.tar", "data/t-1.tar", "data/t-é.tar"])
    #expect(try found(["*/t-0.tar"]) == ["data/t-0.tar", "more/t-0.tar"])
    #expect(
      try found(["data/u.tar", "data/t-{0..1}.tar", "./data/u.tar"].dropLast())
        == ["data/t-0.tar", "data/t-1.tar", "data/u.tar"])
    #expect(try found(["data/{u,u}.tar", "data/?.tar"]) == ["data/u.tar"])
    #expect(
      try ShardPattern.expand([folder.path + "/data/u.tar"], relativeTo: "/nowhere").count == 1)
  }

  @Test func `a name without a file is an error that says where`() throws {
    let folder = try TemporaryFolder()
    try folder.write([0], to: "t-0.tar")
    for (pattern, missing) in [
      ("t-{0..1}.tar", "t-1.tar"), ("x*.tar", "x*.tar"), ("no/t*", "no/t*"), ("t-0.tar/a", nil),
    ] {
      #expect(throws: PairDataError.noShards(pattern: missing ?? pattern, folder: folder.path)) {
        try ShardPattern.expand([pattern], relativeTo: folder.path)
      }
    }
  }

  @Test func `many stars do not take forever`() {
    let name = String(repeating: "a", count: 200)
    #expect(!Wildcards.matches(name, pattern: String(repeating: "*a", count: 60) + "b"))
    #expect(Wildcards.matches("t-01.tar", pattern: "t*0?.t*r"))
    #expect(!Wildcards.matches("t-01.tar", pattern: "t*0?.t"))
  }
}
