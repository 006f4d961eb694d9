import Foundation
import Testing

@testable import Autodiff
@testable import CPUDevice
@testable import Checkpoints
@testable import Training

/// Whole runs with a residual image tower: what its running statistics add to a run.
struct ResidualRunTests {
  private static let tower =
    "model.configuration.image={size: 32, layers: [1, 1, 1, 1], width: 4, head_width: 32}"
  private static let mean = "parameters/image/layers/1/0/reduction/norm/running_mean"
  private static let stem = "parameters/image/stem/0/norm/running_variance"

  @Test(arguments: [2, 4])
  func `a run goes on exactly, running statistics and all`(step: Int) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train([Self.tower], root: "whole")
    _ = try await run.train([Self.tower], root: "broken")
    try run.forgetCheckpoints(after: step, root: "broken")
    _ = try await run.train([Self.tower], root: "broken")
    let whole = try run.contents(run.checkpoints("whole") + "/last.h5")
    #expect(try run.contents(run.checkpoints("broken") + "/last.h5") == whole)
    #expect(try run.rows("broken") == run.rows("whole"))
    // Four chunks of eight pictures in each of seven steps.
    let count = whole.tensors["parameters/image/layers/1/0/reduction/norm/chunk_count"]
    #expect(count == [Float(28).bitPattern])
    let early = try run.contents(run.checkpoints("whole") + "/step-00000002.h5")
    #expect(early.tensors[Self.mean] != whole.tensors[Self.mean])
    #expect(
      whole.tensors["optimizer/first_moment/image/stem/0/norm/weight"] != nil
        && whole.tensors["optimizer/first_moment/image/stem/0/norm/running_mean"] == nil)
  }

  @Test func `threads and a memory budget change no bit`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let settings = [
      "model.configuration.image={size: 64, layers: [2, 2, 1, 1], width: 16, head_width: 64}",
      "length=2 steps",
    ]
    _ = try await run.train(settings, root: "many")
    let budget = try run.smallestMemoryBudget(settings)
    let plan = try await RunPlan(try run.recipe(settings + [budget]))
    #expect(plan.cost.recomputesImage && plan.cost.imageChunksAgain > 0)
    #expect("\(plan)".contains("of them encoded twice, blocks computed again for their gradient"))
    _ = try await run.train(settings + ["threads.compute=1", budget], root: "one")
    #expect(
      try run.contents(run.checkpoints("one") + "/last.h5").tensors
        == run.contents(run.checkpoints("many") + "/last.h5").tensors)
  }

  @Test func `a locked tower keeps its running statistics, augmented pictures or not`() async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let locked = [
      Self.tower, #"model.train=["image/**: locked", "**: trained"]"#, "length=2 steps",
    ]
    for (root, augmentation) in [("kept", "none"), ("seen", "roll(2)")] {
      _ = try await run.train(locked + ["data.augmentation=\(augmentation)"], root: root)
      let tensors = try run.contents(run.checkpoints(root) + "/last.h5").tensors
      #expect(tensors[Self.mean]?.allSatisfy { $0 == 0 } == true)
      #expect(tensors[Self.stem]?.allSatisfy { $0 == Float(1).bitPattern } == true)
    }
  }

  @Test func `a norm that a rule locks keeps its statistics, the others move theirs`() async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train([
      Self.tower, #"model.train=["image/stem/**: locked", "**: trained"]"#, "length=2 steps",
    ])
    let tensors = try run.contents(run.checkpoints() + "/last.h5").tensors
    #expect(tensors[Self.stem]?.allSatisfy { $0 == Float(1).bitPattern } == true)
    #expect(tensors[Self.mean]?.contains { $0 != 0 } == true)
  }

  @Test func `a step that is not finite moves no running statistic`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let preparation = try RunPreparation(try run.recipe([Self.tower]))
    let loaded = preparation.loaded
    loaded.parameters.initialize(seed: 1)
    loaded.parameters.storage(of: "text/projection/weight").update(repeating: 3e38)
    let source = run.folder + "/overflow.h5"
    try CheckpointWriter.write(
      to: source, document: loaded.document(recipe: nil, state: RunState()),
      parameters: loaded.tensors)
    let start = try run.contents(source)
    await #expect(throws: ModelError.self) {
      try await run.train([
        "model={from: \(source), train: [\"**: trained\"]}", "non_finite.stop_after=3",
      ])
    }
    let saved = try run.contents(run.checkpoints() + "/step-00000002.h5")
    #expect(saved.state.skippedCount == 2)
    for (path, values) in start.tensors where path.hasPrefix("parameters/image/") {
      #expect(saved.tensors[path] == values)
    }
  }

  @Test func `a plan shows running statistics as what they are, and trains none`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let plan = try await RunPlan(try run.recipe([Self.tower]))
    let statistics = plan.rows.filter { !$0.isTrained }
    #expect(statistics.count == 3 * 19)
    #expect(statistics.allSatisfy { $0.path.contains("/norm/") })
    #expect(plan.rows.filter(\.isTrained).count > 80)
  }
}
