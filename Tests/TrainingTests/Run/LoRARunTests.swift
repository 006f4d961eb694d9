import Foundation
import Testing

@testable import Autodiff
@testable import CPUDevice
@testable import Checkpoints
@testable import Models
@testable import ONNXExport
@testable import PairData
@testable import Training
@testable import WeightFiles

/// Runs that train low-rank updates beside the weights of linear layers.
struct LoRARunTests {
  private static let updates =
    #"model.lora={rank: 4, alpha: 8, layers: ["text/blocks/*/attention/**", image/projection]}"#
  private static let onlyUpdates = #"model.train=["**/lora_*: trained", "**: locked"]"#
  /// A rate at which six steps change the embeddings well beyond roundings.
  private static let rate = "optimizer.adamw.learning_rate=0.01"

  private func model(_ run: MiniatureRun, _ root: String = "a") throws -> CheckpointModel {
    try CheckpointModel(try CheckpointReader(run.checkpoints(root) + "/last.h5"))
  }

  @Test func `updates train while everything else is locked`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train([Self.updates, Self.onlyUpdates, Self.rate])
    let saved = try run.contents(run.checkpoints() + "/last.h5")
    let start = try RunPreparation(try run.recipe()).loaded
    let layers = ["query", "key", "value", "output"].map { "text/blocks/0/attention/\($0)" }
    let trained = (layers + ["image/projection"]).flatMap { ["\($0)/lora_a", "\($0)/lora_b"] }
    let parameters = saved.tensors.filter { $0.key.hasPrefix("parameters/") }
    #expect(parameters.count == start.parameters.layout.entries.count + trained.count)
    for path in trained {
      #expect(saved.tensors["optimizer/first_moment/\(path)"]?.contains { $0 != 0 } == true)
    }
    #expect(saved.tensors.keys.filter { $0.hasPrefix("optimizer/first_moment/") }.count == 10)
    #expect(saved.tensors["parameters/image/projection/lora_b"]?.contains { $0 != 0 } == true)
    for entry in start.parameters.layout.entries {
      let path = entry.parameter.path
      let values = start.parameters.values(of: path).map(\.bitPattern)
      #expect(saved.tensors["parameters/\(path)"] == values, "\(path)")
    }
  }

  @Test func `an update that the rules lock is refused, as it would stay without effect`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let error = await #expect(throws: ModelError.self) {
      try await run.train([Self.updates, #"model.train=["image/**: trained", "**: locked"]"#])
    }
    #expect(
      error?.description.contains("text/blocks/0/attention/query/lora_a, which `model.train` locks")
        == true)
    #expect(error?.description.contains("**/lora_*: trained") == true)
  }

  /// With an average and unlike rates besides, all that a run can carry.
  @Test(arguments: [2, 4])
  func `a run goes on exactly with updates, averages and layers' rates`(step: Int) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let settings = [
      Self.updates, "optimizer.ema_decay=0.9", "optimizer.layer_rate_decay=0.75",
      "optimizer.adamw.decay_exclusions=chinese_clip",
      #"model.train=["**/lora_*: trained, rate 2", "text/**: locked", "**: trained"]"#,
    ]
    _ = try await run.train(settings, root: "whole")
    _ = try await run.train(settings, root: "broken")
    try run.forgetCheckpoints(after: step, root: "broken")
    let second = try await run.train(settings, root: "broken")
    #expect(second.outcome == .finished(steps: 7))
    let whole = try run.contents(run.checkpoints("whole") + "/last.h5")
    #expect(try run.contents(run.checkpoints("broken") + "/last.h5") == whole)
    #expect(try run.rows("broken") == run.rows("whole"))
    let path = "text/blocks/0/attention/key/lora_b"
    #expect(whole.tensors["optimizer/weight/\(path)"] != whole.tensors["parameters/\(path)"])
    let other = await #expect(throws: ModelError.self) {
      try await run.train(
        [settings[0].replacing("alpha: 8", with: "alpha: 4")] + settings.dropFirst(),
        root: "broken")
    }
    #expect(other?.description.contains("`model.lora.alpha` was 8, is 4") == true)
  }

  @Test func `a checkpoint says which layers have updates, and its users get them merged`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train([Self.updates, Self.onlyUpdates, Self.rate])
    let path = run.checkpoints() + "/last.h5"
    let reader = try CheckpointReader(path)
    #expect(reader.document.formatVersion == 2)
    let description = try ModelDescription(reader)
    #expect(
      description.configuration.lowRankUpdates
        == LowRankUpdates(
          rank: 4, alpha: 8,
          layers: ["image/projection"]
            + ["query", "key", "value", "output"].map { "text/blocks/0/attention/\($0)" }))
    // As a resumed run computes, and as every command on the checkpoint does.
    let separate = try RunStart(
      try run.recipe([Self.updates, Self.onlyUpdates, Self.rate]), .auto, in: run.checkpoints(),
      prober: nil
    ).preparation.loaded
    let merged = try model(run).loaded
    #expect(merged.parameters.layout.entries.allSatisfy { !$0.parameter.isLowRankUpdate })
    let texts: [[Int32]] = (0..<12).map { [101, 700 + $0, 800 + 2 * $0, 102] }
    let embeddings = try [separate, merged].map { loaded in
      let embedder = try Embedder(loaded.model, on: loaded.device, parameters: loaded.parameters)
      let pictures = embedder.embedImages(count: 4) { range, target in
        for index in target.indices {
          target[index] = Float((index * 7 + range.lowerBound) % 5) - 2
        }
      }
      return embedder.embedTexts(texts) + pictures
    }
    let worst = zip(embeddings[0], embeddings[1]).map { abs($0 - $1) }.max() ?? 1
    #expect(worst < 1e-5 && embeddings[0].count == 16 * 16)
    let start = try RunPreparation(try run.recipe()).loaded
    let before = try Embedder(start.model, on: start.device, parameters: start.parameters)
      .embedTexts(texts)
    #expect(zip(before, embeddings[0]).contains { abs($0 - $1) > 1e-3 })
  }

  @Test func `exported files have the tensors of a model without updates`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train([Self.updates, Self.onlyUpdates, Self.rate])
    let model = try model(run)
    let configuration = model.loaded.description.configuration
    let folder = run.folder + "/out"
    for path in try model.exportHuggingFace(to: folder) where path.hasSuffix(".safetensors") {
      let file = try WeightFile.open(path)
      let expected = HuggingFaceChineseCLIP.entries(for: configuration)
      #expect(Set(file.tensors.map(\.name)) == Set(expected.map(\.key)))
      for entry in expected {
        #expect(
          try file.read(entry.key) == model.loaded.parameters.values(of: entry.path),
          "\(entry.key)")
      }
    }
    for path in try model.exportChineseCLIP(to: folder + "/original") where path.hasSuffix(".pt") {
      let names = try WeightFile.open(path).tensors.map(\.name)
      let expected = ChineseCLIP.entries(for: configuration).map { "module.\($0.key)" }
      #expect(Set(names) == Set(expected))
    }
    let encoders = try model.exportONNX(to: folder + "/onnx").filter { $0.hasSuffix(".onnx") }
    #expect(encoders.count == 2)
    for path in encoders {
      #expect(try ONNXFile(path).tensors.allSatisfy { !$0.name.contains("lora") })
    }
  }

  @Test func `another run starts from merged weights, with updates of its own or none`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train([Self.updates, Self.onlyUpdates, Self.rate])
    let source = run.checkpoints() + "/last.h5"
    let merged = try model(run).loaded.parameters
    let stored = try run.contents(source)
    func start(_ overrides: String...) throws -> LoadedModel {
      try RunPreparation(
        try run.recipe(["model={from: \(source), train: [\"**: trained\"]}"] + overrides)
      ).loaded
    }
    let plain = try start()
    let anew = try start("model.lora={rank: 2, alpha: 2, layers: [text/projection]}")
    for entry in merged.layout.entries {
      let path = entry.parameter.path
      #expect(plain.parameters.values(of: path) == merged.values(of: path))
      #expect(anew.parameters.values(of: path) == merged.values(of: path))
    }
    #expect(plain.parameters.layout.entries.count == merged.layout.entries.count)
    #expect(anew.parameters.layout.entries.count == merged.layout.entries.count + 2)
    #expect(anew.parameters.values(of: "text/projection/lora_b").allSatisfy { $0 == 0 })
    #expect(anew.parameters.values(of: "text/projection/lora_a").contains { $0 != 0 })
    let changed = "image/projection/weight"
    #expect(
      merged.values(of: changed).map(\.bitPattern) != stored.tensors["parameters/\(changed)"])

    // An image tower alone is taken merged as well.
    let tower = try RunPreparation(try run.recipe(["model.image_from=\(source)"])).loaded
    #expect(tower.parameters.values(of: changed) == merged.values(of: changed))
  }

  @Test func `a pattern that matches no linear layer names near ones`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let error = #expect(throws: ModelError.self) {
      try RunPreparation(
        try run.recipe(["model.lora={rank: 4, alpha: 8, layers: [text/block/*/attention/query]}"]))
    }
    #expect(
      error?.description
        == "The pattern \"text/block/*/attention/query\" of `model.lora.layers` matches no linear "
        + "layer. Paths such as `text/blocks/*/attention/query`, `text/blocks/*/attention/key`, "
        + "`image/blocks/*/attention/query` were expected. Correct or remove it.")
    #expect(error?.isUsageError == true)
  }

  @Test(arguments: [
    ("\"rank\": 4", "\"rank\": 0"), ("\"alpha\": 8.0", "\"alpha\": -8"),
    ("image/projection", "image/projections"),
    ("\"layers\": [", "\"layers\": [\"text/projection\", "),
  ])
  func `a checkpoint whose updates are none is refused`(before: String, after: String) async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let loaded = try RunPreparation(try run.recipe([Self.updates])).loaded
    var document = loaded.document(recipe: nil, state: nil)
    #expect(document.configuration.contains(before))
    document.configuration = document.configuration.replacing(before, with: after)
    let path = run.folder + "/edited.h5"
    try CheckpointWriter.write(to: path, document: document, parameters: loaded.tensors)
    let error = #expect(throws: ModelError.self) {
      try CheckpointModel(try CheckpointReader(path))
    }
    #expect(error != nil)
  }

  @Test func `a plan lists updates as parameters`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let plan = try await RunPlan(try run.recipe([Self.updates, Self.onlyUpdates]))
    let rows = plan.rows.filter(\.isTrained)
    #expect(rows.count == 10 && rows.allSatisfy { $0.path.contains("/lora_") })
    let up = try #require(rows.first { $0.path == "text/blocks/0/attention/query/lora_b" })
    #expect(up.sizes == [32, 4] && up.weightDecay == 0.05)
    #expect(plan.description.contains("text/blocks/0/attention/query/lora_a"))
  }
}
