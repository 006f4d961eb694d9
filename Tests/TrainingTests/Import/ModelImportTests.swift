import Foundation
import PairData
import Testing
import WeightFiles

@testable import Checkpoints
@testable import Models
@testable import Training

/// One tiny model of the original's own class, in every form that it comes in.
@Suite struct ModelImportTests {
  @Test(arguments: [
    "plain.pt", "training.pt", "huggingface", "huggingface_sharded", "huggingface_old",
  ])
  func `every form becomes the model that the original's class is`(_ name: String) throws {
    let fixtures = try ForeignFixtures()
    let report = try ModelImport.run(fixtures.request(ForeignFixtures.path(name)))
    #expect(try ForeignFixtures.Rows(fixtures.output).error() < 2e-6)
    #expect(report.mappings.count == 79 && report.parameterCount == 13_553)
    #expect(try CheckpointReader(fixtures.output).verify().isEmpty)
    #expect(try CheckpointReader(fixtures.output).sha256 == report.sha256)
    #expect(fixtures.names == ["model.h5"])
  }

  @Test func `Float16 weights become the model of the rounded ones`() throws {
    let fixtures = try ForeignFixtures()
    let report = try ModelImport.run(fixtures.request(ForeignFixtures.path("half.pt")))
    let rows = try ForeignFixtures.Rows(fixtures.output)
    #expect(try rows.error(image: "half_image", text: "half_text") < 2e-6)
    #expect(try rows.error() > 2e-5)
    #expect(report.mappings.allSatisfy { $0.elementType == "F16" })
    #expect(report.description.contains("converted from F16 to F32: 79 parameters"))
  }

  @Test func `a residual tower is read with its statistics`() throws {
    let fixtures = try ForeignFixtures()
    var request = fixtures.request(ForeignFixtures.path("residual.pt"))
    request.imageHeadWidth = 32
    let report = try ModelImport.run(request)
    let rows = try ForeignFixtures.Rows(
      fixtures.output, expected: "residual_expected.safetensors")
    #expect(try rows.error() < 5e-6)
    let counts = report.mappings.filter { $0.elementType == "I64" }
    #expect(counts.count == 22 && counts.allSatisfy { $0.name.hasSuffix("num_batches_tracked") })
    #expect(
      try Self.values(of: fixtures.output, "image/stem/0/norm/chunk_count", []) == [1_234])
  }

  @Test func `a residual tower comes back with its counts as whole numbers`() throws {
    let fixtures = try ForeignFixtures()
    var request = fixtures.request(ForeignFixtures.path("residual.pt"))
    request.imageHeadWidth = 32
    let first = try ModelImport.run(request)
    let paths = try CheckpointModel(fixtures.output).exportChineseCLIP(to: fixtures.folder + "/out")
    let exported = try #require(paths.first { $0.hasSuffix(".pt") })
    let file = try WeightFile.open(exported)
    let original = try WeightFile.open(ForeignFixtures.path("residual.pt"))
    for tensor in file.tensors {
      let expected = try #require(original[tensor.name])
      #expect(tensor.elementType == expected.elementType, "\(tensor.name)")
      #expect(tensor.shape == expected.shape, "\(tensor.name)")
    }
    #expect(file.tensors.filter { $0.elementType == .int64 }.count == 22)
    #expect(try file.read("module.visual.bn1.num_batches_tracked") == [1_234])
    request = ImportRequest(
      .model(exported), output: fixtures.folder + "/again.h5", imageHeadWidth: 32, textHeadWidth: 8)
    #expect(try ModelImport.run(request).sha256 == first.sha256)
  }

  @Test func `two towers begin as Chinese-CLIP did`() throws {
    let fixtures = try ForeignFixtures()
    let report = try ModelImport.run(fixtures.request(ForeignFixtures.towers))
    let rows = try ForeignFixtures.Rows(fixtures.output)
    let expected = try WeightFile.open(ForeignFixtures.path("expected.safetensors"))
    let error = zip(rows.image, try expected.read("half_image")).map { abs($0 - $1) }.max()
    #expect(try #require(error) < 2e-6)
    #expect(report.drawn == ["text/projection/weight"])
    let reader = try CheckpointReader(fixtures.output)
    var scale: [Float] = [0]
    try scale.withUnsafeMutableBufferPointer { scale in
      try reader.read("logit_scale", in: .parameters, sizes: [], into: scale)
    }
    #expect(scale == [4.5])
    // The text tower is the one of the whole model, which the fixture was taken from.
    let other = "\(fixtures.folder)/plain.h5"
    var request = fixtures.request(ForeignFixtures.path("plain.pt"))
    request.output = other
    _ = try ModelImport.run(request)
    #expect(
      try Self.values(of: fixtures.output, "text/blocks/1/mlp_norm/bias", [16])
        == Self.values(of: other, "text/blocks/1/mlp_norm/bias", [16]))
  }

  @Test func `a new projection is drawn from the seed`() throws {
    let fixtures = try ForeignFixtures()
    var values: [[Float]] = []
    for seed: UInt64 in [1, 1, 2] {
      var request = fixtures.request(ForeignFixtures.towers)
      request.seed = seed
      _ = try ModelImport.run(request)
      values.append(try Self.values(of: fixtures.output, "text/projection/weight", [8, 16]))
    }
    #expect(values[0] == values[1] && values[0] != values[2])
    // Chinese-CLIP draws it with the deviation width^-0.5.
    let deviation = (values[0].map { $0 * $0 }.reduce(0, +) / 128).squareRoot()
    #expect((0.2..<0.3).contains(deviation))
  }

  private static func values(
    of checkpoint: String, _ path: String, _ sizes: [Int]
  ) throws -> [Float] {
    var values = [Float](repeating: 0, count: sizes.reduce(1, *))
    let reader = try CheckpointReader(checkpoint)
    try values.withUnsafeMutableBufferPointer { values in
      try reader.read(path, in: .parameters, sizes: sizes, into: values)
    }
    return values
  }

  @Test(arguments: [
    (
      "training.pt",
      [
        "module.bert.pooler.dense.weight", "module.bert.pooler.dense.bias", "optimizer", "epoch",
        "step", "name",
      ]
    ),
    (
      "huggingface_old",
      ["text_model.embeddings.position_ids", "vision_model.embeddings.position_ids"]
    ),
    ("plain.pt", []),
  ])
  func `what is left over is named with its reason`(_ name: String, _ names: [String]) throws {
    let fixtures = try ForeignFixtures()
    let report = try ModelImport.run(fixtures.request(ForeignFixtures.path(name)))
    #expect(report.leftOver.map(\.name) == names)
    for line in report.leftOver {
      #expect(!line.reason.isEmpty && report.description.contains("\(line.name): "))
    }
  }

  @Test func `a folder says how pictures and texts are prepared`() throws {
    let fixtures = try ForeignFixtures()
    for name in ["huggingface", "huggingface_sharded"] {
      _ = try ModelImport.run(fixtures.request(ForeignFixtures.path(name)))
      let description = try ModelDescription(CheckpointReader(fixtures.output))
      #expect(description.normalization.mean == [0.5, 0.25, 0.125])
      #expect(description.normalization.deviation == [0.5, 0.25, 0.75])
      #expect(description.contextLength == (name == "huggingface" ? 14 : 16))
      // As transformers' processor does; the original drops alpha.
      #expect(description.decoding.alpha == .onWhite)
      #expect(description.decoding.orientation == .ignored)
    }
  }

  @Test func `a run from a checkpoint prepares pictures as that says, unless told otherwise`()
    throws
  {
    let fixtures = try ForeignFixtures()
    _ = try ModelImport.run(fixtures.request(ForeignFixtures.path("plain.pt")))
    let run = try MiniatureRun()
    defer { run.remove() }
    let from = #"model={from: \#(fixtures.output), train: ["**: trained"]}"#
    let silent = try RunPreparation(try run.recipe([from])).loaded.description.decoding
    #expect(silent.alpha == .dropped && silent.orientation == .ignored)
    let told = try run.recipe([from, "data.alpha=on_white", "data.exif_orientation=applied"])
    let other = try RunPreparation(told).loaded.description.decoding
    #expect(other.alpha == .onWhite && other.orientation == .applied)
    let fresh = try RunPreparation(try run.recipe()).loaded.description.decoding
    #expect(fresh.alpha == .onWhite && fresh.orientation == .applied)
  }

  @Test func `a vocabulary is taken from tokenizer json where there is no other`() throws {
    let fixtures = try ForeignFixtures()
    let source = try fixtures.copy("huggingface")
    let lines = try String(contentsOfFile: "\(source)/vocab.txt", encoding: .utf8)
      .split(separator: "\n")
    let members = lines.enumerated().map { "\"\($0.element)\": \($0.offset)" }
    try "{\"model\": {\"vocab\": {\(members.reversed().joined(separator: ","))}}}"
      .write(toFile: "\(source)/tokenizer.json", atomically: false, encoding: .utf8)
    let kept = try CheckpointReader(imported(source, fixtures)).document.vocabulary
    try FileManager.default.removeItem(atPath: "\(source)/vocab.txt")
    #expect(try CheckpointReader(imported(source, fixtures)).document.vocabulary == kept)
  }

  private func imported(_ source: String, _ fixtures: ForeignFixtures) throws -> String {
    _ = try ModelImport.run(fixtures.request(source))
    return fixtures.output
  }

  @Test func `progress counts parameters to their number`() throws {
    let fixtures = try ForeignFixtures()
    var counts: [Int] = []
    _ = try ModelImport.run(fixtures.request(ForeignFixtures.path("plain.pt"))) {
      done, total, _ in
      counts.append(done)
      #expect(total == 79)
    }
    #expect(counts == Array(1...79))
  }

  @Test func `published names are those of shapes and their heads`() {
    let huge = DualEncoder.Configuration.published("ViT-H-14")
    #expect(huge == .hugeP14 && huge?.text.headCount == 16)
    #expect(DualEncoder.Configuration.published("RN50") == .rn50)
    #expect(huge?.publishedName == "ViT-H-14@RoBERTa-wwm-ext-large-chinese")
    let small = DualEncoder.Configuration.published("ViT-B-16@RBT3-chinese")
    #expect(small?.text.depth == 3 && small?.embeddingWidth == 512)
    for name in ["ViT-B-16@", "ViT-X", "", "ViT-B-16@RBT3-chinese@", "RN51"] {
      #expect(DualEncoder.Configuration.published(name) == nil)
    }
  }
}
