import CPUDevice
import FileTestSupport
import Foundation
import Testing

@Suite struct EmbedTests {
  let folder: TemporaryFolder
  let checkpoint: String

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try TinyCheckpoint.write(to: folder)
  }

  private func embed(_ arguments: String...) throws -> DuiqiProcess.Outcome {
    try DuiqiProcess.run(["embed", checkpoint] + arguments + ["--output", "out"], in: folder)
  }

  private func array(_ name: String) throws -> ArrayFile {
    try ArrayFile(try folder.bytes(of: "out/\(name)_embeddings.npy"))
  }

  private func rows(_ name: String) throws -> [JSONObject] {
    try folder.text(of: "out/\(name).jsonl").split(separator: "\n")
      .map { try JSONObject(String($0)) }
  }

  @Test func `each line of a text file is a unit row, empty ones too`() throws {
    try folder.write("\u{FEFF}一只猫\r\n\n  两个 空格\n一只猫\n没有换行", to: "texts.txt")
    #expect(try embed("--texts", "texts.txt").code == 0)
    #expect(folder.names(in: "out") == ["text_embeddings.npy", "texts.jsonl"])
    #expect(try rows("texts").map { $0.text("text") } == ["一只猫", "", "  两个 空格", "一只猫", "没有换行"])
    #expect(try rows("texts").allSatisfy { $0.keys == ["text"] })
    let array = try array("text")
    #expect(array.width == TinyCheckpoint.width && array.rows.count == 5)
    for row in array.rows {
      #expect(abs(row.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }
    #expect(array.rows[0] == array.rows[3] && array.rows[0] != array.rows[4])
  }

  @Test func `standard input is a text file too`() throws {
    let texts = try folder.write("一\n二\n", to: "texts.txt")
    let outcome = try DuiqiProcess.run(
      "embed", checkpoint, "--texts", "-", "--output", "out", in: folder, input: texts)
    #expect(outcome.code == 0)
    #expect(try array("text").rows.count == 2)
  }

  @Test func `text that is not UTF-8 is named by its line and nothing is published`() throws {
    try folder.write(Array("好\n".utf8) + [0xFF, 0xFE, 0x0A], to: "texts.txt")
    expectFailure(
      try embed("--texts", "texts.txt"), code: 1, naming: "texts.txt:2", "UTF-8")
    #expect(folder.names(in: "out").isEmpty)
  }

  @Test func `a folder's pictures go in byte order and other files are passed over`() throws {
    let pictures = try SampleShard.pictures(4)
    for (name, picture) in zip(["b.png", "a.PNG", "é.png", "B.jpg"], pictures) {
      try folder.write(picture, to: "pictures/\(name)")
    }
    try folder.write("no picture", to: "pictures/notes.txt")
    try folder.write(pictures[0], to: "pictures/.hidden.png")
    try folder.write(pictures[0], to: "pictures/below/c.png")
    let outcome = try embed("--images", "pictures")
    #expect(outcome.code == 0 && outcome.errors.contains("passed over 2 files"))
    let names = try rows("images").map { $0.text("file") }
    #expect(names == ["B.jpg", "a.PNG", "b.png", "é.png"])
    let array = try array("image")
    #expect(array.rows.count == 4)
    try folder.write(pictures[1], to: "single")
    #expect(try embed("--images", "single").code == 0)
    #expect(try rows("images").map { $0.text("file") } == ["single"])
    let alone = try self.array("image").rows
    #expect(alone.count == 1 && zip(alone[0], array.rows[1]).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func `a damaged picture is named and nothing is published`() throws {
    let picture = try SampleShard.pictures(1)[0]
    try folder.write(picture, to: "pictures/a.png")
    try folder.write(Array(picture.prefix(picture.count / 2)), to: "pictures/b.png")
    expectFailure(try embed("--images", "pictures"), code: 1, naming: "pictures/b.png")
    #expect(folder.names(in: "out").isEmpty)
  }

  @Test func `a folder without pictures fails`() throws {
    try folder.write("text", to: "pictures/a.txt")
    expectFailure(try embed("--images", "pictures"), code: 1, naming: "pictures", "no picture")
  }

  @Test func `shards give pictures and all captions with key and shard`() throws {
    let pictures = try SampleShard.pictures(3)
    try SampleShard.write(
      [("x/1", pictures[0], "一\n又一"), ("x/2", [0], "坏"), ("x/3", pictures[2], "三")], to: folder)
    try folder.write("先来的\n", to: "texts.txt")
    let outcome = try embed(
      "--texts", "texts.txt", "--shards", "pairs.tar", "--captions", "txt", "--damage-limit",
      "0.5")
    #expect(outcome.code == 0 && outcome.errors.contains("pair `x/2`"))
    let images = try rows("images")
    #expect(images.map { $0.text("key") } == ["x/1", "x/3"])
    #expect(images.allSatisfy { $0.text("shard") == "pairs.tar" && $0.keys.count == 2 })
    let texts = try rows("texts")
    #expect(texts.map { $0.text("text") } == ["先来的", "一", "又一", "三"])
    #expect(texts.map { $0.text("key") } == [nil, "x/1", "x/1", "x/3"])
    #expect(try array("image").rows.count == 2)
    #expect(try array("text").rows.count == 4)
  }

  @Test(arguments: [["--captions", "zh"], ["--damage-limit", "1%"]])
  func `what says which pairs count is refused where there are no pairs`(
    option: [String]
  ) throws {
    try folder.write("一只猫\n", to: "texts.txt")
    let outcome = try DuiqiProcess.run(
      ["embed", checkpoint, "--texts", "texts.txt", "--output", "out"] + option, in: folder)
    expectFailure(outcome, code: 2, naming: option[0], "--shards")
    #expect(!folder.names().contains("out"))
  }

  @Test func `a row does not depend on its neighbours`() throws {
    try folder.write("一只猫\n", to: "one.txt")
    try folder.write("狗\n一只猫\n很长很长很长的一句话\n", to: "three.txt")
    #expect(try embed("--texts", "one.txt").code == 0)
    let alone = try array("text").rows[0]
    #expect(try embed("--texts", "three.txt").code == 0)
    let among = try array("text").rows[1]
    #expect(zip(alone, among).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func `BF16 stays near Float32, and a processor without it says so`() throws {
    try folder.write("一只猫\n狗\n", to: "texts.txt")
    let exact = try embed("--texts", "texts.txt", "--json")
    #expect(try JSONObject(exact.output).text("products") == "float32")
    let expected = try array("text").rows
    let outcome = try embed("--texts", "texts.txt", "--json", "--precision", "bfloat16")
    let report = try JSONObject(outcome.output)
    #expect(report.number("texts") == 2 && report.keys.contains("images"))
    #expect(report.number("images") == nil && report.number("seconds") ?? -1 > 0)
    let found = try array("text").rows
    for (row, other) in zip(found, expected) {
      #expect(zip(row, other).reduce(0) { $0 + $1.0 * $1.1 } > 0.999)
    }
    if ProductFormat.bfloat16.isSupported {
      #expect(report.text("products") == "bfloat16" && found != expected)
      #expect(!outcome.errors.contains("processor"))
    } else {
      #expect(report.text("products") == "float32" && found == expected)
      #expect(outcome.errors.contains("this processor has no bfloat16 products"))
    }
  }

  @Test func `results that cannot be written fail`() throws {
    try folder.write("文字\n", to: "texts.txt")
    try folder.write("a file", to: "out")
    expectFailure(try embed("--texts", "texts.txt"), code: 1, naming: "out")
    #expect(try folder.text(of: "out") == "a file")
  }
}
