import Foundation
import Testing

@testable import CPUDevice
@testable import Checkpoints
@testable import Models
@testable import PairData
@testable import Training

/// What is allowed and seldom meant is said, what cannot be meant is refused.
struct RunNotesTests {
  private static let lora = #"model.lora={rank: 4, alpha: 8, layers: ["text/blocks/**"]}"#

  /// Two might be more than a machine's cores.
  private static let oneThread = ["threads.compute=1"]

  private func notes(_ overrides: [String]) throws -> [String] {
    let run = try MiniatureRun()
    defer { run.remove() }
    return try RunPreparation(try run.recipe(Self.oneThread + overrides)).notes
  }

  @Test func `a run that does what it seems to has no notes`() throws {
    #expect(try notes([]).isEmpty)
    #expect(try notes(["optimizer.ema_decay=0.5"]).isEmpty)
    #expect(
      try notes([
        Self.lora, #"model.train=["**/lora_*: trained", "text/blocks/**: locked", "**: trained"]"#,
      ]).count == 1)
  }

  @Test func `an average that stays at the start is said, before training and by the plan`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let slow = Self.oneThread + ["optimizer.ema_decay=0.999"]
    let note = try #require(notes(slow).first)
    #expect(note.contains("after 7 steps the average"))
    #expect(note.contains("still 99 % the weights of the start. With 0.5179 it would be 1 %"))
    #expect(try await run.train(slow).notes.contains(note))
    let plan = try await RunPlan(try run.recipe(slow))
    #expect(plan.notes == [note])
    #expect("\(plan)".contains("Note: \(note)"))
  }

  @Test func `more threads than cores are said`() throws {
    let note = try #require(RunPreparation.threadNote(threads: 8, cores: 2))
    #expect(note.hasPrefix("`threads.compute` is 8, and this process may use 2 cores, "))
    #expect(note.hasSuffix("Without the key it is 2"))
    #expect(RunPreparation.threadNote(threads: 2, cores: 2) == nil)
    let cores = EnvironmentRecord.usableCoreCount()
    let found = try notes(["threads.compute=\(cores + 1)"])
    #expect(found == [RunPreparation.threadNote(threads: cores + 1, cores: cores)])
  }

  @Test(arguments: [(cores: 1, limit: 64), (2, 64), (16, 64), (17, 68), (64, 256)])
  func `threads that would only wait for each other are refused`(cores: Int, limit: Int) throws {
    try RunPreparation.requireEndingSteps(threads: limit, cores: cores)
    #expect(throws: ModelError.self) {
      try RunPreparation.requireEndingSteps(threads: limit + 1, cores: cores)
    }
  }

  @Test(.enabled(if: EnvironmentRecord.usableCoreCount() < 256, "a recipe names 1024 at most"))
  func `a recipe with such threads is refused before anything is opened`() throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let limit = RunPreparation.threadLimit(cores: EnvironmentRecord.usableCoreCount())
    let error = #expect(throws: ModelError.self) {
      try RunPreparation(
        try run.recipe(["threads.compute=\(limit + 1)", "data.train=/nowhere.tar"]))
    }
    #expect(
      error?.description.hasPrefix("`threads.compute` is \(limit + 1), and this process") == true)
    #expect(error?.description.contains("At most \(limit) threads were expected") == true)
    #expect(error?.isUsageError == true)
  }

  @Test func `updates beside weights that are trained too are said`() throws {
    let note = try #require(notes([Self.lora, #"model.train=["**: trained"]"#]).first)
    #expect(note.hasPrefix("`model.lora` gives updates to 6 layers whose own weights are trained"))
    #expect(note.contains("text/blocks/0/attention/query/weight"))
  }

  @Test func `updates beside locked weights that were drawn are said`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let settings =
      Self.oneThread + [Self.lora, #"model.train=["**/lora_*: trained", "**: locked"]"#]
    let note = try #require(try RunPreparation(try run.recipe(settings)).notes.first)
    #expect(note.contains("6 layers whose own weights are drawn from the seed and locked"))
    // Weights that come from a checkpoint are another matter.
    _ = try await run.train(["length=1 steps", "optimizer.schedule=constant"], root: "start")
    let from = "model={from: \(run.checkpoints("start"))/last.h5}"
    #expect(try RunPreparation(try run.recipe([from] + settings)).notes.isEmpty)
  }

  @Test func `a memory budget that is too small says the smallest that works`() throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let large = [
      "model.configuration.text.mlp_width=1024", "model.configuration.text.depth=4",
      "batch.tokens_per_chunk=512",
    ]
    let smallest = try run.smallestMemoryBudget(large)
    let count = try #require(Int(smallest.filter(\.isNumber)))
    #expect(count > 1)
    #expect(try RunPreparation(try run.recipe(large + [smallest])).step.text.isRecomputing)
    let error = #expect(throws: ModelError.self) {
      try RunPreparation(try run.recipe(large + ["memory_budget=\(count - 1) MiB"]))
    }
    #expect(
      error?.description.hasPrefix(
        "`memory_budget` is \(count - 1) MiB, less than a chunk's activations take. At least "
          + "\(count) MiB were expected") == true)
    #expect(error?.description.contains("pictures and 512 tokens, blocks computed") == true)
  }

  @Test func `a memory budget is not asked for pictures that are encoded once`() throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let large = [
      #"model.train=["image/**: locked", "**: trained"]"#, "batch.tokens_per_chunk=512",
      "model.configuration.text.mlp_width=1024", "model.configuration.text.depth=4",
      "memory_budget=1 MiB",
    ]
    let still = large + ["data.augmentation=none"]
    let error = #expect(throws: ModelError.self) { try RunPreparation(try run.recipe(still)) }
    #expect(
      error?.description.contains(
        "MiB were expected for 512 tokens, blocks computed again for their gradient. Raise it, or "
          + "lower `batch.tokens_per_chunk`.") == true)
    // Pictures that change are encoded in each step.
    let changing = large + ["data.augmentation=roll(2)"]
    let other = #expect(throws: ModelError.self) { try RunPreparation(try run.recipe(changing)) }
    #expect(other?.description.contains("pictures and 512 tokens") == true)
  }

  @Test func `an update of a layer's full rank is refused`() throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let full = #"model.lora={rank: 32, alpha: 8, layers: ["text/blocks/**"]}"#
    let error = #expect(throws: ModelError.self) { try RunPreparation(try run.recipe([full])) }
    #expect(error?.description.contains("`model.lora.rank` is 32") == true)
    #expect(error?.description.contains("A rank below 32 was expected") == true)
    let below = full.replacing("rank: 32", with: "rank: 31")
    #expect(try RunPreparation(try run.recipe([below])).loaded.model.parameters.count > 0)
  }

  /// As nobody's file has it, for files are told apart by their parameters alone.
  @Test func `how much of an update is merged tells one teacher from another`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let settings = [
      "length=1 steps", "optimizer.schedule=constant", Self.lora,
      #"model.train=["**/lora_*: trained", "**: locked"]"#,
    ]
    // In its first step an update's own size is that of AdamW's, whatever alpha is.
    _ = try await run.train(settings, root: "a")
    _ = try await run.train(
      [settings[0], settings[1], settings[2].replacing("alpha: 8", with: "alpha: 4"), settings[3]],
      root: "b")
    let (a, b) = (
      try CheckpointReader(run.checkpoints("a") + "/last.h5"),
      try CheckpointReader(run.checkpoints("b") + "/last.h5")
    )
    #expect(
      try CheckpointParameters(merging: a).sha256 != CheckpointParameters(merging: b).sha256)
    #expect(try CheckpointParameters(merging: a).sha256 != a.sha256)
    #expect(try CheckpointParameters(asStored: a).sha256 == a.sha256)
  }

  @Test func `a teacher for pictures normalized otherwise is refused`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(["length=1 steps", "optimizer.schedule=constant"], root: "teacher")
    let path = run.checkpoints("teacher") + "/last.h5"
    let student = try RunPreparation(try run.recipe()).loaded.description
    var other = student
    other.normalization = .init(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])
    let device = CPUDevice(threadCount: 1)
    _ = try Teacher(path, of: student, on: device, imagesPerChunk: 4, prober: nil)
    let error = #expect(throws: ModelError.self) {
      try Teacher(path, of: other, on: device, imagesPerChunk: 4, prober: nil)
    }
    #expect(error?.description.contains("normalized by mean 0.5, 0.5, 0.5") == true)
  }
}
