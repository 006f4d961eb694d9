import Foundation
import Testing

@testable import Autodiff
@testable import CPUDevice
@testable import Checkpoints
@testable import PairData
@testable import Training

/// Runs that keep a moving average of their weights.
struct AveragedRunTests {
  private static let averaged = "optimizer.ema_decay=0.75"
  private static let everyStep = "checkpoints={every: 1 step, keep: 10}"

  private func floats(_ contents: MiniatureRun.Contents, _ path: String) throws -> [Float] {
    try #require(contents.tensors[path]).map { Float(bitPattern: $0) }
  }

  @Test func `a checkpoint has the average of all weights so far, and the weights`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train([Self.averaged, Self.everyStep])
    _ = try await run.train([Self.everyStep], root: "plain")
    let start = try RunPreparation(try run.recipe()).loaded
    for path in ["text/embeddings/positions", "image/blocks/0/mlp/output/weight", "logit_scale"] {
      var average = start.parameters.values(of: path).map(Double.init)
      for step in 1...7 {
        let name = CheckpointFolder.name(ofStep: step)
        let saved = try run.contents("\(run.checkpoints())/\(name)")
        let plain = try run.contents("\(run.checkpoints("plain"))/\(name)")
        // Averaging and validating the averages disturb no bit of what is trained.
        #expect(
          saved.tensors["optimizer/weight/\(path)"] == plain.tensors["parameters/\(path)"])
        let weights = try floats(saved, "optimizer/weight/\(path)")
        average = zip(average, weights).map { 0.75 * $0 + 0.25 * Double($1) }
        let found = try floats(saved, "parameters/\(path)")
        #expect(found != weights)
        let worst = zip(found, average).map { abs(Double($0) - $1) / max(1, abs($1)) }.max()
        #expect(try #require(worst) <= 1e-6, "\(path) \(step)")
      }
    }
  }

  @Test(arguments: [2, 4])
  func `a run goes on exactly, averages and all`(step: Int) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let settings = [Self.averaged, #"model.train=["image/blocks/**: locked", "**: trained"]"#]
    _ = try await run.train(settings, root: "whole")
    _ = try await run.train(settings, root: "broken")
    try run.forgetCheckpoints(after: step, root: "broken")
    _ = try await run.train(settings, root: "broken")
    let whole = try run.contents(run.checkpoints("whole") + "/last.h5")
    #expect(try run.contents(run.checkpoints("broken") + "/last.h5") == whole)
    #expect(try run.rows("broken") == run.rows("whole"))
    #expect(whole.tensors["optimizer/weight/text/projection/weight"] != nil)
    #expect(whole.tensors["optimizer/weight/image/blocks/0/mlp/hidden/weight"] == nil)
  }

  @Test func `the average is what validation measures and what a checkpoint's users get`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let settings = ["optimizer.adamw.learning_rate=0.03", "model.dropout=0"]
    _ = try await run.train(settings + [Self.averaged])
    _ = try await run.train(settings, root: "plain")
    func last(_ root: String) throws -> [String: Double] {
      let row = try #require(try run.rows(root).last { $0.contains("mean_rank") })
      let object = try JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: Any]
      return try #require(object?["text_to_image"] as? [String: Double])
    }
    let model = try CheckpointModel(try CheckpointReader(run.checkpoints() + "/last.h5"))
    let shard = MiniatureRun.data + "/noto-emoji/test.tar"
    let report = try await model.evaluate(PairChoice(shards: [shard], captions: "zh:first"))
    let used = report.metrics.value(of: .textToImageMeanRank)
    #expect(try last("a")["mean_rank"] == used)
    #expect(try last("plain")["mean_rank"] != used)
  }

  @Test func `an average is refused where trained batch norms' statistics would not fit it`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let residual = [
      "model.configuration.image={size: 32, layers: [1, 1, 1, 1], width: 4, head_width: 32}",
      "optimizer.ema_decay=0.9", "length=1 steps", "optimizer.schedule=constant",
    ]
    let error = await #expect(throws: ModelError.self) { try await run.train(residual) }
    #expect(error?.description.contains("batch norms that are trained") == true)
    let locked = #"model.train=["image/**: locked", "**: trained"]"#
    #expect(try await run.train(residual + [locked]).outcome == .finished(steps: 1))
  }

  @Test func `another run starts from the average`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train([Self.averaged])
    let path = run.checkpoints() + "/last.h5"
    let saved = try run.contents(path)
    let next = try RunPreparation(
      try run.recipe(["model={from: \(path), train: [\"**: trained\"]}", Self.averaged]))
    for entry in next.loaded.parameters.layout.entries {
      let name = entry.parameter.path
      let values = next.loaded.parameters.values(of: name).map(\.bitPattern)
      #expect(values == saved.tensors["parameters/\(name)"])
    }
    let words = "text/embeddings/words"
    #expect(saved.tensors["parameters/\(words)"] != saved.tensors["optimizer/weight/\(words)"])
  }

  @Test func `a step that is not finite moves no average`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let preparation = try RunPreparation(try run.recipe())
    let loaded = preparation.loaded
    loaded.parameters.storage(of: "text/projection/weight").update(repeating: 3e38)
    let source = run.folder + "/overflow.h5"
    try CheckpointWriter.write(
      to: source, document: loaded.document(recipe: nil, state: RunState()),
      parameters: loaded.tensors)
    await #expect(throws: ModelError.self) {
      try await run.train([
        "model={from: \(source), train: [\"**: trained\"]}", "non_finite.stop_after=3",
        Self.averaged,
      ])
    }
    let (start, saved) = (
      try run.contents(source), try run.contents(run.checkpoints() + "/step-00000002.h5")
    )
    for (path, values) in start.tensors where path.hasPrefix("parameters/") {
      #expect(saved.tensors[path] == values)
      let weight = path.replacing("parameters/", with: "optimizer/weight/")
      #expect(saved.tensors[weight] == values)
    }
  }

  @Test func `a plan counts the average's memory`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let plan = try await RunPlan(try run.recipe([Self.averaged]))
    #expect(plan.memory.averages == plan.memory.gradients)
    let plain = try await RunPlan(try run.recipe())
    #expect(plain.memory.averages == 0 && plain.memory.gradients == plan.memory.gradients)
    #expect(plan.memory.total == plain.memory.total + 2 * plan.memory.averages)
  }

  @Test func `another share does not go on with a run`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let short = ["length=2 steps", "optimizer.schedule=constant"]
    _ = try await run.train(short + [Self.averaged])
    for other in [short, short + ["optimizer.ema_decay=0.5"]] {
      let error = await #expect(throws: ModelError.self) { try await run.train(other) }
      #expect(error?.description.contains("`optimizer.ema_decay` was 0.75, is") == true)
    }
  }
}
