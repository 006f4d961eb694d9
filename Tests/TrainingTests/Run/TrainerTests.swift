import Foundation
import Testing

@testable import Autodiff
@testable import CPUDevice
@testable import Checkpoints
@testable import Training

struct TrainerTests {
  @Test func `a miniature learns its pairs`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train([
      "length=100 steps", "optimizer.adamw.learning_rate=4e-3",
      "model.dropout=0", "data.augmentation=none", "data.captions=zh:first",
      "checkpoints.every=100 %", "validate.every=100 %",
    ])
    let losses = try run.rows().compactMap { row -> Double? in
      let object = try JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: Any]
      return object?["loss"] as? Double
    }
    #expect(losses.count == 100)
    #expect(losses[0] > 3.3 && losses[0] < 3.7)
    #expect(losses.suffix(4).reduce(0, +) / 4 < losses[0] - 0.3)
  }

  @Test func `checkpoints beyond the newest few go, the best one stays`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    // The mean rank after the first validation cannot be beaten by a rate of nothing.
    _ = try await run.train([
      "optimizer.adamw.learning_rate=1e-30", "checkpoints={every: 1 step, keep: 2}",
      "validate={every: 2 steps, choose_best_by: text_to_image.mean_rank}",
    ])
    #expect(CheckpointFolder.steps(in: run.checkpoints()) == [2, 6, 7])
    let links = try ["best.h5", "last.h5"].map {
      try FileManager.default.destinationOfSymbolicLink(atPath: "\(run.checkpoints())/\($0)")
    }
    #expect(links == ["step-00000002.h5", "step-00000007.h5"])
  }

  @Test func `a run stops when validation stops getting better`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let overrides = [
      "optimizer.adamw.learning_rate=1e-30", "validate={every: 1 step, stop_after: 3 worse}",
    ]
    let result = try await run.train(overrides)
    #expect(result.outcome == .stoppedEarly(step: 4, bestStep: 1))
    let again = try await run.train(overrides)
    #expect(again.outcome == .stoppedEarly(step: 4, bestStep: 1))
    #expect(again.notes.contains { $0.hasPrefix("The run has ended already") })
  }

  @Test func `steps that are not finite change nothing, and end the run at the limit`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let source = try damagedCheckpoint(run) {
      $0.storage(of: "text/projection/weight").update(repeating: 3e38)
    }
    let start = try run.contents(source)
    let overrides = [
      "model={from: \(source), train: [\"**: trained\"]}", "non_finite.stop_after=3",
    ]
    let error = await #expect(throws: ModelError.self) {
      try await run.train(overrides)
    }
    guard case .notFinite(step: 3, inARow: 3, let keys)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(keys.count == 32)
    let folder = run.checkpoints()
    let saved = try run.contents("\(folder)/step-00000002.h5")
    #expect(saved.state.skippedCount == 2 && saved.state.updateCount == 0)
    for (path, values) in start.tensors where path.hasPrefix("parameters/") {
      #expect(saved.tensors[path] == values)
    }
  }

  @Test func `a step that is not finite names the pairs at fault`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    // Characters of some captions, not of all.
    let source = try damagedCheckpoint(run) { parameters in
      let words = parameters.storage(of: "text/embeddings/words")
      for row in 671..<900 { words[row * 32] = .nan }
    }
    let error = await #expect(throws: ModelError.self) {
      try await run.train([
        "model={from: \(source), train: [\"**: trained\"]}", "non_finite.stop_after=1",
      ])
    }
    guard case .notFinite(step: 1, inARow: 1, let keys)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect((1..<32).contains(keys.count))
  }

  @Test func `the multiplier of similarities stays below its maximum`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train([
      "objective.info_nce.logit_scale_maximum=14", "optimizer.adamw.learning_rate=1e-5",
    ])
    let tensors = try run.contents(run.checkpoints() + "/last.h5").tensors
    let scale = try #require(tensors["parameters/logit_scale"]?.first)
    // It started at ln(1 / 0.07), above; a step at this rate moves it by 1e-5 at most.
    let distance = log(14.0) - Double(Float(bitPattern: scale))
    #expect(distance > -1e-6 && distance < 1e-4)
  }

  @Test func `a plan says what a run will do and touches nothing`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let plan = try await RunPlan(
      try run.recipe([#"model.train=["image/**: locked", "**: trained"]"#]))
    #expect(plan.totalSteps == 7 && plan.stepsPerEpoch == 147.0 / 32)
    #expect(plan.rows.first?.isTrained == false)
    #expect(
      plan.rows.last
        == .init(
          path: "logit_scale", sizes: [], isTrained: true, weightDecay: 0, learningRate: 1e-3))
    let words = try #require(plan.rows.first { $0.path == "text/embeddings/words" })
    #expect(words.sizes == [2_000, 32] && words.weightDecay == 0.05)
    #expect(plan.memory.moments == 2 * plan.memory.gradients)
    #expect(plan.description.contains("training: 147 of 147 pairs read, 0 damaged; "))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: run.folder).sorted() == [
        "pairs.tar", "vocab.txt",
      ])
  }

  @Test func `a dry run says where the run would go on, or why it would not`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    func plan(_ settings: [String] = [], resume: ResumeMode = .auto) async throws -> RunPlan {
      try await RunPlan(try run.recipe(settings), root: run.folder + "/a", resume: resume)
    }
    #expect(try await plan().start == nil)
    _ = try await run.train(["length=3 steps", "optimizer.schedule=constant"])
    let longer = try await plan(["optimizer.schedule=constant"])
    let start = try #require(longer.start)
    #expect(start.step == 3 && !start.hasEnded && start.path.hasPrefix(run.checkpoints()))
    #expect(longer.description.hasSuffix("would go on after step 3 from \(start.path)\n"))
    #expect(longer.json.line.contains(#""goes_on_from": {"checkpoint": "\#(start.path)", "#))
    let ended = try await plan(["length=3 steps", "optimizer.schedule=constant"])
    #expect(ended.start?.hasEnded == true)
    #expect(ended.description.contains("has ended already, after step 3"))
    #expect(try await plan(["optimizer.ema_decay=0.9"], resume: .never).start == nil)
    await #expect(throws: ModelError.self) { try await plan(["optimizer.ema_decay=0.9"]) }
  }

  @Test func `a dry run refuses other pairs where training would`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let settings = ["length=3 steps", "optimizer.schedule=constant"]
    _ = try await run.train(settings)
    try FileManager.default.copyItem(
      atPath: run.folder + "/pairs.tar", toPath: run.folder + "/pairs-2.tar")
    let twice = try run.recipe(settings + ["data.train=\(run.folder)/pairs*.tar"])
    let planned = await #expect(throws: ModelError.self) {
      try await RunPlan(twice, root: run.folder + "/a", resume: .auto)
    }
    let trained = #expect(throws: ModelError.self) {
      try Trainer(twice, root: run.folder + "/a", resume: .auto) { _ in }
    }
    #expect(planned.map { "\($0)" } == trained.map { "\($0)" })
    #expect("\(try #require(planned))".contains("began with other pairs"))
  }

  @Test func `a model is from a run's folder as it is from a file`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(["length=1 steps", "optimizer.schedule=constant"])
    for source in [run.checkpoints(), run.checkpoints() + "/last.h5"] {
      let recipe = try run.recipe([#"model={from: \#(source), train: ["**: trained"]}"#])
      #expect(try RunPreparation(recipe).totalSteps == 7)
    }
  }

  /// A checkpoint of the miniature, damaged before it is written.
  private func damagedCheckpoint(
    _ run: MiniatureRun, damage: (CPUParameters) -> Void
  ) throws -> String {
    let preparation = try RunPreparation(try run.recipe())
    let loaded = preparation.loaded
    damage(loaded.parameters)
    let path = run.folder + "/damaged.h5"
    try CheckpointWriter.write(
      to: path, document: loaded.document(recipe: nil, state: RunState()),
      parameters: loaded.tensors)
    return path
  }
}
