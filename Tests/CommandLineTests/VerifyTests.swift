import Checkpoints
import FileTestSupport
import PairData
import Testing

@Suite struct VerifyTests {
  let folder: TemporaryFolder
  let checkpoint: String

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try TinyCheckpoint.write(to: folder)
  }

  private func flip(_ name: String, at offset: Int, to copy: String) throws {
    var bytes = try folder.bytes(of: name)
    bytes[offset] ^= 0x10
    try folder.write(bytes, to: copy)
  }

  @Test func `whole files of every kind pass`() throws {
    try SampleShard.write([("a", try SampleShard.pictures(1)[0], "文字")], to: folder)
    _ = try DuiqiProcess.run(
      "export", checkpoint, "--profile", "onnx", "--output", "out", in: folder)
    let entry = try ShardManifest.entry(forShard: "\(folder.path)/pairs.tar")
    try ShardManifest(entries: [entry]).write(toFolder: folder.path)
    let files = [
      "tiny.h5", "pairs.tar", "manifest.jsonl", "out/image_encoder.onnx",
      "out/text_encoder.onnx",
    ]
    let outcome = try DuiqiProcess.run(["verify"] + files, in: folder)
    #expect(outcome.code == 0 && outcome.errors == "")
    #expect(outcome.lines.map { $0.prefix { $0 != ":" } } == files.map { Substring($0) })
    #expect(outcome.lines.allSatisfy { $0.contains(": whole, ") })
  }

  @Test func `a checkpoint with a flipped bit is named with its member`() throws {
    let count = try folder.bytes(of: "tiny.h5").count
    try flip("tiny.h5", at: count / 2, to: "bad.h5")
    let outcome = try DuiqiProcess.run("verify", "tiny.h5", "bad.h5", in: folder)
    #expect(outcome.code == 1)
    #expect(outcome.lines == ["tiny.h5: whole, checkpoint", "bad.h5: damaged, checkpoint"])
    #expect(outcome.errors.hasPrefix("duiqi: bad.h5: "))
    #expect(outcome.errors.contains("1 of 2 files is not whole"))
  }

  @Test func `an ONNX model with a flipped bit anywhere is damaged`() throws {
    _ = try DuiqiProcess.run(
      "export", checkpoint, "--profile", "onnx", "--output", "out", in: folder)
    let count = try folder.bytes(of: "out/image_encoder.onnx").count
    let copies = try [0, 1, 300, count / 3, count / 2, count - 1].enumerated().map {
      index, offset in
      try flip("out/image_encoder.onnx", at: offset, to: "bad\(index).onnx")
      return "bad\(index).onnx"
    }
    let outcome = try DuiqiProcess.run(["verify", "--json"] + copies, in: folder)
    #expect(outcome.code == 1)
    let files = try JSONObject(outcome.output).list("files")
    #expect(files.map { $0.text("file") } == copies)
    #expect(files.allSatisfy { $0.number("whole") == 0 && $0.text("kind") == "onnx" })
  }

  @Test func `a shard is read to its last picture and compared with its manifest`() throws {
    let pictures = try SampleShard.pictures(2)
    let pairs = [("first", pictures[0], "一"), ("second", pictures[1], "二")]
    try SampleShard.write(pairs, to: folder)
    let entry = try ShardManifest.entry(forShard: "\(folder.path)/pairs.tar")
    // The data of the first picture begin behind one header.
    try flip("pairs.tar", at: 512 + pictures[0].count / 2, to: "pairs.tar")
    let alone = try DuiqiProcess.run("verify", "pairs.tar", in: folder)
    #expect(alone.code == 1 && alone.errors.contains("`first`"))
    #expect(!alone.errors.contains("`second`"))
    // A caption that reads well is only noticed by the manifest.
    try SampleShard.write([pairs[0], ("second", pictures[1], "三")], to: folder)
    #expect(try DuiqiProcess.run("verify", "pairs.tar", in: folder).code == 0)
    try ShardManifest(entries: [entry]).write(toFolder: folder.path)
    for file in ["pairs.tar", "manifest.jsonl"] {
      let outcome = try DuiqiProcess.run("verify", file, in: folder)
      #expect(outcome.code == 1 && outcome.errors.contains("SHA-256"))
    }
  }

  @Test func `members that are part of no pair are told, and are no damage`() throws {
    let picture = try SampleShard.pictures(1)[0]
    try SampleShard.write([("a", picture, "文字"), ("photo.1", picture, "文字")], to: folder)
    let outcome = try DuiqiProcess.run("verify", "pairs.tar", in: folder)
    #expect(outcome.code == 0 && outcome.lines == ["pairs.tar: whole, shard"])
    #expect(outcome.errors.contains("2 members are passed over"))
    #expect(outcome.errors.contains("`photo.1.png`") && outcome.errors.contains("first dot"))
    #expect(try DuiqiProcess.run("verify", "pairs.tar", "-q", in: folder).errors == "")
    let object = try JSONObject(
      try DuiqiProcess.run("inspect", "pairs.tar", "--json", in: folder).output)
    #expect(object["members_passed_over"]?.number("count") == 2)
    #expect(object["members_passed_over"]?.text("first") == "photo.1.png")
  }

  @Test func `files that are cut short, missing or of another kind are damaged`() throws {
    for name in ["tiny.h5"] {
      let bytes = try folder.bytes(of: name)
      try folder.write(Array(bytes[..<(bytes.count / 2)]), to: "cut.h5")
    }
    try SampleShard.write([("a", try SampleShard.pictures(1)[0], "文字")], to: folder)
    try folder.write(Array(try folder.bytes(of: "pairs.tar")[..<1_000]), to: "cut.tar")
    try folder.write([], to: "empty.onnx")
    try folder.write("text", to: "notes.txt")
    let files = ["cut.h5", "cut.tar", "empty.onnx", "notes.txt", "none.h5"]
    let outcome = try DuiqiProcess.run(["verify", "--json"] + files, in: folder)
    #expect(outcome.code == 1)
    let results = try JSONObject(outcome.output).list("files")
    #expect(results.allSatisfy { $0.number("whole") == 0 })
    for (file, result) in zip(files, results) {
      let findings = try #require(result.members["findings"] as? [String])
      #expect(findings.count == 1 && findings[0].contains(file))
    }
  }

  @Test func `what is no file of ours is told by what it is, not called damaged`() throws {
    try folder.write("text", to: "notes.txt")
    try folder.write("run: x\n", to: "recipe.yaml")
    try folder.write("text", to: "folder/notes.txt")
    let files = ["tiny.h5", "notes.txt", "recipe.yaml", "folder", "none.h5"]
    let outcome = try DuiqiProcess.run(["verify"] + files, in: folder)
    #expect(outcome.code == 1)
    #expect(
      outcome.lines == ["tiny.h5: whole, checkpoint"]
        + files.dropFirst().map { "\($0): not checked" })
    #expect(!outcome.errors.contains("Fetch or make them again"))
    #expect(outcome.errors.contains("4 of 5 paths have nothing that can be checked"))
    #expect(outcome.errors.contains("folder: cannot read: it is a folder, no regular file"))
    #expect(outcome.errors.contains("none.h5: cannot open: No such file"))
  }

  @Test func `a checkpoint whose parts do not belong together is damaged`() throws {
    try TinyCheckpoint.write(to: folder, name: "odd.h5") { document in
      document.run = [("step", .integer(-1))]
    }
    let outcome = try DuiqiProcess.run("verify", "odd.h5", in: folder)
    #expect(outcome.code == 1 && outcome.errors.contains("run/step"))
  }
}
