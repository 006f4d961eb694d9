import Checkpoints
import FileTestSupport
import Testing

@Suite struct InspectTests {
  let folder: TemporaryFolder
  let checkpoint: String

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try TinyCheckpoint.write(to: folder)
  }

  private func inspected(_ path: String) throws -> JSONObject {
    let outcome = try DuiqiProcess.run("inspect", path, "--json", in: folder)
    #expect(outcome.code == 0 && outcome.errors == "" && outcome.lines.count == 1)
    return try JSONObject(outcome.output)
  }

  @Test func `a checkpoint's parameters have names, shapes and counts`() throws {
    let object = try inspected(checkpoint)
    #expect(object.text("kind") == "checkpoint" && object.text("family") == "chinese_clip")
    #expect(object.number("vocabulary_size") == 21_128)
    #expect(object.text("sha256")?.count == 64)
    #expect(object["configuration"]?["image"]?.number("patch") == 8)
    #expect(object["preprocessing"]?.text("captions") == "zh:first")
    #expect(object.members["run"] is Void || object["run"] == nil)
    let parameters = object.list("parameters")
    let words = try #require(parameters.first { $0.text("path") == "text/embeddings/words" })
    #expect(words.integers("shape") == [21_128, 32] && words.number("count") == 676_096)
    let scale = try #require(parameters.first { $0.text("path") == "logit_scale" })
    #expect(scale.integers("shape") == [] && scale.number("count") == 1)
    let sum = parameters.reduce(0) { $0 + ($1.number("count") ?? 0) }
    #expect(object.number("parameter_count") == sum)
  }

  @Test func `parameters that are averages are said to be`() throws {
    #expect(try inspected(checkpoint).members["averaged"] as? Bool == false)
    let averaged = try TinyCheckpoint.write(to: folder, name: "averaged.h5", isAveraged: true)
    #expect(try inspected(averaged).members["averaged"] as? Bool == true)
    #expect(try DuiqiProcess.run("verify", averaged).code == 0)
    let people = try DuiqiProcess.run("inspect", averaged).output
    #expect(people.contains("averaged") && people.contains("true"))
  }

  @Test func `a run's state and recipe are shown`() throws {
    let path = try TinyCheckpoint.write(to: folder, name: "run.h5") { document in
      document.recipe = "run: emoji\nseed: 7\n"
      document.run = [
        ("step", .integer(12)), ("best_value", .real(0.5)), ("note", .text("好")),
        ("is_stopped", .integer(0)), ("damaged_pairs", .text("")),
      ]
    }
    let object = try inspected(path)
    #expect(object["run"]?.number("step") == 12 && object["run"]?.number("best_value") == 0.5)
    #expect(object["run"]?.text("note") == "好")
    #expect(object.text("recipe") == "run: emoji\nseed: 7\n")
    #expect(object["run"]?.members["is_stopped"] as? Bool == false)
    let people = try DuiqiProcess.run("inspect", path).output
    #expect(people.contains("is_stopped: false") && people.contains("damaged_pairs: none"))
    #expect(people.contains("step: 12") && people.contains("  run: emoji\n  seed: 7\n"))
    #expect(people.contains(#/  text/embeddings/words +\[21128, 32\] +676096/#))
  }

  @Test func `a shard's pairs are listed`() throws {
    try SampleShard.write([("键", try SampleShard.pictures(1)[0], "文字")], to: folder)
    let object = try inspected("pairs.tar")
    #expect(object.text("kind") == "shard" && object.number("pair_count") == 1)
    let pair = try #require(object.list("pairs").first)
    #expect(pair.text("key") == "键" && pair.number("text_bytes") == 6)
    #expect(pair.number("image_bytes") ?? 0 > 0)
  }

  @Test func `an ONNX model's interface and tensors are shown`() throws {
    _ = try DuiqiProcess.run(
      "export", checkpoint, "--profile", "onnx", "--output", "out", in: folder)
    let object = try inspected("out/text_encoder.onnx")
    #expect(object.text("kind") == "onnx" && object.number("opset") == 17)
    #expect(object.number("ir_version") == 8)
    #expect(object["inputs"]?.text("input_ids") == "int64 [batch, length]")
    #expect(object["outputs"]?.text("text_embeds") == "float32 [batch, 24]")
    #expect(
      object["metadata"]?.text("duiqi.checkpoint_sha256")
        == (try inspected(checkpoint)).text("sha256"))
    #expect(object.list("tensors").contains { $0.integers("shape") == [21_128, 32] })
  }

  @Test func `other files are refused by saying which can be looked into`() throws {
    try folder.write("just text", to: "notes.txt")
    expectFailure(
      try DuiqiProcess.run("inspect", "notes.txt", in: folder), code: 1, naming: "notes.txt",
      "checkpoint", "shard", "ONNX")
    expectFailure(
      try DuiqiProcess.run("inspect", folder.path), code: 1, naming: "no regular file")
  }
}
