import FileTestSupport
import Foundation
import Testing

/// What `Tests/Interoperability/test_export.py` compares in numbers is only counted here.
@Suite struct ExportTests {
  let folder: TemporaryFolder
  let checkpoint: String

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try TinyCheckpoint.write(to: folder)
  }

  @Test func `the onnx profile is two encoders and what their inputs need`() throws {
    let outcome = try DuiqiProcess.run(
      "export", checkpoint, "--profile", "onnx", "--output", "out", in: folder)
    #expect(outcome.code == 0 && outcome.output == "")
    #expect(
      folder.names(in: "out") == [
        "image_encoder.onnx", "preprocessor_config.json", "special_tokens_map.json",
        "text_encoder.onnx", "tokenizer.json", "tokenizer_config.json", "vocab.txt",
      ])
    #expect(
      try folder.bytes(of: "out/vocab.txt")
        == Array(Data(contentsOf: URL(filePath: RepositoryFiles.vocabulary))))
    let preparation = try JSONObject(try folder.text(of: "out/preprocessor_config.json"))
    #expect(preparation["size"]?.number("height") == 16)
    #expect(preparation.number("do_center_crop") == 0)
    let tokenizer = try JSONObject(try folder.text(of: "out/tokenizer_config.json"))
    #expect(tokenizer.number("model_max_length") == Double(TinyCheckpoint.contextLength))
  }

  @Test(arguments: ["onnx", "huggingface", "chinese-clip"])
  func `exporting twice gives the same bytes`(profile: String) throws {
    for output in ["one", "two"] {
      let outcome = try DuiqiProcess.run(
        "export", checkpoint, "--profile", profile, "--output", output, "-q", in: folder)
      #expect(outcome.code == 0 && outcome.errors == "")
    }
    for name in folder.names(in: "one") {
      #expect(try folder.bytes(of: "one/\(name)") == (try folder.bytes(of: "two/\(name)")))
    }
  }

  @Test func `the huggingface profile is a folder that is imported as the same model`() throws {
    let outcome = try DuiqiProcess.run(
      "export", checkpoint, "--profile", "huggingface", "--output", "out", in: folder)
    #expect(outcome.code == 0 && outcome.output == "")
    #expect(
      folder.names(in: "out") == [
        "config.json", "model.safetensors", "preprocessor_config.json", "special_tokens_map.json",
        "tokenizer.json", "tokenizer_config.json", "vocab.txt",
      ])
    #expect(outcome.errors.contains("ChineseCLIPModel.from_pretrained(\"out\")"))
    let configuration = try JSONObject(try folder.text(of: "out/config.json"))
    #expect(configuration.text("model_type") == "chinese_clip")
    #expect(configuration["text_config"]?.number("vocab_size") == 21_128)
    #expect(configuration["vision_config"]?.number("num_attention_heads") == 2)
    try expectSameModel("out")
  }

  @Test func `the chinese-clip profile is a file that is imported as the same model`() throws {
    let outcome = try DuiqiProcess.run(
      "export", checkpoint, "--profile", "chinese-clip", "--output", "out", in: folder)
    #expect(outcome.code == 0 && outcome.output == "")
    #expect(
      folder.names(in: "out") == [
        "clip_cn_model.pt", "model.img.fp32.onnx", "model.txt.fp32.onnx", "vocab.txt",
      ])
    for name in ["img", "txt"] {
      let model = try JSONObject(
        DuiqiProcess.run("inspect", "out/model.\(name).fp32.onnx", "--json", in: folder).output)
      #expect(model.number("opset") == 13 && model.number("ir_version") == 7)
    }
    #expect(
      try DuiqiProcess.run("verify", "out/model.img.fp32.onnx", in: folder).code == 0)
    try expectSameModel(
      "out/clip_cn_model.pt", "--image-head-width", "16", "--text-head-width", "16")
  }

  private func expectSameModel(_ source: String, _ options: String...) throws {
    let imported = try DuiqiProcess.run(
      ["import", source, "--output", "again.h5", "--quiet"] + options, in: folder)
    #expect(imported.code == 0 && imported.errors == "")
    let digests = try [checkpoint, "again.h5"].map {
      try JSONObject(DuiqiProcess.run("inspect", $0, "--json", in: folder).output).text("sha256")
    }
    #expect(digests[0] == digests[1] && digests[0] != nil)
  }

  @Test(arguments: ["open-clip", "immich", "fastembed", "onxx"])
  func `profiles that this version lacks are refused by saying what it has`(
    profile: String
  ) throws {
    let outcome = try DuiqiProcess.run(
      "export", checkpoint, "--profile", profile, "--output", "out", in: folder)
    expectFailure(outcome, code: 2, naming: profile, "It has: onnx, huggingface,")
    #expect(folder.names(in: "out").isEmpty)
  }

  @Test func `precisions that this version lacks are refused by saying what it has`() throws {
    let outcome = try DuiqiProcess.run(
      "export", checkpoint, "--profile", "onnx", "--precision", "int8", "--output", "out",
      in: folder)
    expectFailure(outcome, code: 2, naming: "int8", "It has: float32.")
  }
}
