import Checkpoints
import FileTestSupport
import Testing

@Suite struct EvaluateTests {
  let folder: TemporaryFolder
  let checkpoint: String

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try TinyCheckpoint.write(to: folder)
  }

  @Test func `figures come as one object with the agreed members`() throws {
    let outcome = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", RepositoryFiles.validation, "--json", "-q")
    #expect(outcome.code == 0 && outcome.lines.count == 1)
    let figures = try JSONObject(outcome.output)
    #expect(figures.keys == ["images", "texts", "text_to_image", "image_to_text"])
    // The checkpoint's own selector gives one caption a picture.
    #expect(figures.number("images") == 271 && figures.number("texts") == 271)
    for direction in ["text_to_image", "image_to_text"] {
      let part = try #require(figures[direction])
      #expect(
        part.keys == [
          "recall@1", "recall@5", "recall@10", "mean_recall", "median_rank", "mean_rank",
        ])
      let recalls = ["recall@1", "recall@5", "recall@10"].map { part.number($0) ?? -1 }
      #expect(recalls == recalls.sorted() && recalls.allSatisfy { (0...1).contains($0) })
      let mean = recalls.reduce(0, +) / 3
      #expect(abs((part.number("mean_recall") ?? -1) - mean) < 1e-12)
    }
  }

  @Test func `a selector changes which captions count`() throws {
    let all = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", RepositoryFiles.validation, "--captions", "zh", "--json",
      "-q")
    #expect(try JSONObject(all.output).number("texts") ?? 0 > 271)
    let wrong = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", RepositoryFiles.validation, "--captions", "zh:last")
    expectFailure(wrong, code: 2, naming: "zh:last", "FIELD:first")
    let missing = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", RepositoryFiles.validation, "--captions", "zhh", "-q")
    expectFailure(
      missing, code: 2,
      naming: "none of the 64 pairs read so far, of 271, has a caption field `zhh`")
  }

  @Test func `a checkpoint whose recipe named no captions takes the text members`() throws {
    try TinyCheckpoint.write(to: folder, name: "automatic.h5") { document in
      document.preprocessing = document.preprocessing.replacing("zh:first", with: "automatic")
    }
    try SampleShard.write([("a", try SampleShard.pictures(1)[0], "一\n二")], to: folder)
    let outcome = try DuiqiProcess.run(
      "evaluate", "automatic.h5", "--data", "pairs.tar", "--json", "-q", in: folder)
    #expect(outcome.code == 0)
    #expect(try JSONObject(outcome.output).number("texts") == 2)
  }

  @Test func `equal pictures tie, and ties count against the query`() throws {
    let pictures = try SampleShard.pictures(1)
    try SampleShard.write(
      ["a", "b", "c"].map { ($0, pictures[0], "文字 \($0)") }, to: folder)
    let outcome = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", "*.tar", "--captions", "txt", "--json", "-q", in: folder)
    let figures = try JSONObject(outcome.output)
    #expect(figures["text_to_image"]?.number("recall@1") == 0)
    #expect(figures["text_to_image"]?.number("mean_rank") == 3)
  }

  @Test func `a run's folder stands for its best checkpoint, or its last`() throws {
    try TinyCheckpoint.write(to: folder, name: "other.h5", seed: 8)
    let shard = ["--data", RepositoryFiles.validation, "--json", "-q"]
    func figures(_ checkpoint: String) throws -> String {
      let outcome = try DuiqiProcess.run(["evaluate", checkpoint] + shard, in: folder)
      #expect(outcome.code == 0, "\(outcome.errors)")
      return outcome.output
    }
    let (best, last) = (try figures("tiny.h5"), try figures("other.h5"))
    #expect(best != last)
    try folder.write(try folder.bytes(of: "other.h5"), to: "run/last.h5")
    #expect(try figures("run") == last)
    try folder.write(try folder.bytes(of: "tiny.h5"), to: "run/best.h5")
    #expect(try figures("run") == best)
    for command in [
      ["tokenize", "run", "--texts", "/dev/null"],
      ["export", "run", "--profile", "onnx", "--output", "out"],
    ] { #expect(try DuiqiProcess.run(command, in: folder).code == 0, "\(command)") }
    let inspected = try DuiqiProcess.run("inspect", "run", in: folder)
    #expect(inspected.code == 0 && inspected.errors == "run is a run's folder: run/best.h5\n")
    #expect(try DuiqiProcess.run("inspect", "run", "-q", in: folder).errors == "")
    try folder.write("text", to: "empty/notes.txt")
    let none = try DuiqiProcess.run("evaluate", "empty", "--data", "x.tar", in: folder)
    expectFailure(none, code: 1, naming: "empty", "best.h5", "last.h5")
  }

  @Test func `several patterns are one set`() throws {
    let pictures = try SampleShard.pictures(2)
    for (name, picture) in zip(["1", "2"], pictures) {
      try SampleShard.write([(name, picture, "文字")], to: folder, name: "part-\(name).tar")
    }
    let outcome = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", "part-1.tar", "part-{2..2}.tar", "--captions", "txt",
      "--json", in: folder)
    #expect(try JSONObject(outcome.output).number("images") == 2)
  }

  @Test func `shards that are not there are wrong usage`() throws {
    let outcome = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", "none-*.tar", in: folder)
    expectFailure(outcome, code: 2, naming: "none-*.tar", "Check the pattern and the folder.")
  }

  @Test func `damaged pairs are named, and too many of them fail`() throws {
    let pictures = try SampleShard.pictures(4)
    var pairs = pictures.enumerated().map { ("pair\($0.offset)", $0.element, "文字") }
    pairs[1].1 = [1, 2, 3]
    try SampleShard.write(pairs, to: folder)
    let refused = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", "pairs.tar", "--captions", "txt", "-q", in: folder)
    expectFailure(refused, code: 1, naming: "pair1", "1 damaged pair among 4")
    let passed = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", "pairs.tar", "--captions", "txt", "--json",
      "--damage-limit", "25 %", in: folder)
    #expect(passed.code == 0 && passed.errors.contains("skipped pairs.tar: pair `pair1`"))
    #expect(try JSONObject(passed.output).number("images") == 3)
  }

  @Test func `a truncated shard fails and names the place`() throws {
    try SampleShard.write([("a", try SampleShard.pictures(1)[0], "文字")], to: folder)
    let whole = try folder.bytes(of: "pairs.tar")
    try folder.write(Array(whole[..<900]), to: "cut.tar")
    let outcome = try DuiqiProcess.run("evaluate", checkpoint, "--data", "cut.tar", in: folder)
    expectFailure(outcome, code: 1, naming: "cut.tar", "a.png")
  }
}
