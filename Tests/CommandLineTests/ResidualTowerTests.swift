import Checkpoints
import FileTestSupport
import Foundation
import Testing

/// Every command that reads a checkpoint takes one whose image tower is a residual network.
@Suite struct ResidualTowerTests {
  let folder: TemporaryFolder
  let checkpoint: String

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try TinyCheckpoint.write(
      to: folder, name: "residual.h5", image: TinyCheckpoint.residual)
  }

  @Test func `pictures become unit rows that differ`() throws {
    for (index, picture) in try SampleShard.pictures(3).enumerated() {
      try folder.write(picture, to: "pictures/\(index).png")
    }
    let outcome = try DuiqiProcess.run(
      "embed", checkpoint, "--images", "pictures", "--output", "out", in: folder)
    #expect(outcome.code == 0)
    let array = try ArrayFile(try folder.bytes(of: "out/image_embeddings.npy"))
    #expect(array.width == TinyCheckpoint.width && array.rows.count == 3)
    for row in array.rows {
      #expect(abs(row.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }
    #expect(Set(array.rows).count == 3)
  }

  @Test func `retrieval is measured`() throws {
    let outcome = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", RepositoryFiles.validation, "--json", "-q")
    #expect(outcome.code == 0)
    #expect(try JSONObject(outcome.output).number("images") == 271)
  }

  @Test func `it is exported, verified and shown`() throws {
    let outcome = try DuiqiProcess.run(
      "export", checkpoint, "--profile", "onnx", "--output", "out", in: folder)
    #expect(outcome.code == 0)
    #expect(folder.names(in: "out").contains("image_encoder.onnx"))
    let preparation = try JSONObject(try folder.text(of: "out/preprocessor_config.json"))
    #expect(preparation["size"]?.number("height") == 32)
    #expect(try DuiqiProcess.run("verify", checkpoint).code == 0)
    let shown = try DuiqiProcess.run("inspect", checkpoint)
    let statistic = "image/layers/3/0/expansion/norm/running_mean"
    #expect(shown.code == 0 && shown.output.contains(statistic))
  }

  @Test(arguments: [
    ("\"size\":32", "\"size\":48"), ("[1,1,1,1]", "[1,1,1]"), ("[1,1,1,1]", "[1,1,1,0]"),
    ("\"head_width\":32", "\"head_width\":31"), ("\"width\":4,", "\"width\":5,"),
    ("[1,1,1,1]", "\"1\""),
  ])
  func `sizes that make no residual tower are refused`(old: String, new: String) throws {
    var isChanged = false
    try TinyCheckpoint.write(
      to: folder, name: "wrong.h5", image: TinyCheckpoint.residual
    ) { document in
      let text = document.configuration.replacing(" ", with: "")
      document.configuration = text.replacing(old, with: new)
      isChanged = document.configuration != text
    }
    #expect(isChanged)
    let outcome = try DuiqiProcess.run(
      "embed", "wrong.h5", "--texts", "-", "--output", "out", in: folder)
    expectFailure(outcome, code: 1, naming: "wrong.h5", "configuration")
  }
}
