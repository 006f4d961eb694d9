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

  @Test func `exporting twice gives the same bytes`() throws {
    for output in ["one", "two"] {
      let outcome = try DuiqiProcess.run(
        "export", checkpoint, "--profile", "onnx", "--output", output, "-q", in: folder)
      #expect(outcome.code == 0 && outcome.errors == "")
    }
    for name in folder.names(in: "one") {
      #expect(try folder.bytes(of: "one/\(name)") == (try folder.bytes(of: "two/\(name)")))
    }
  }

  @Test(arguments: ["huggingface", "chinese-clip", "open-clip", "immich", "fastembed", "onxx"])
  func `profiles that this version lacks are refused by saying what it has`(
    profile: String
  ) throws {
    let outcome = try DuiqiProcess.run(
      "export", checkpoint, "--profile", profile, "--output", "out", in: folder)
    expectFailure(outcome, code: 2, naming: profile, "It has: onnx.")
    #expect(folder.names(in: "out").isEmpty)
  }

  @Test func `precisions that this version lacks are refused by saying what it has`() throws {
    let outcome = try DuiqiProcess.run(
      "export", checkpoint, "--profile", "onnx", "--precision", "int8", "--output", "out",
      in: folder)
    expectFailure(outcome, code: 2, naming: "int8", "It has: float32.")
  }
}
