import Foundation
import Testing

@testable import Checkpoints
@testable import PairData
@testable import Training

/// Data that a run cannot use: what is kept, what is said, and what a dry run says before.
struct RefusedDataTests {
  @Test func `a validation that fails loses no step, and comes again`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let rare = "checkpoints.every=100 %"
    _ = try await run.train([rare], root: "whole")
    await #expect(throws: ModelError.self) {
      try await run.train([rare, "data.validation_captions=fr"], root: "broken")
    }
    let saved = try run.contents(run.checkpoints("broken") + "/last.h5").state
    #expect(saved.step == 3 && saved.validationIsDue)
    let second = try await run.train([rare], root: "broken")
    #expect(second.notes.contains { $0.hasPrefix("Going on after step 3 ") })
    #expect(second.outcome == .finished(steps: 7))
    #expect(
      try run.contents(run.checkpoints("broken") + "/last.h5")
        == run.contents(run.checkpoints("whole") + "/last.h5"))
    #expect(try run.rows("broken") == run.rows("whole"))
  }

  @Test func `a dry run applies the damage limit to both sets`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    for key in ["data.captions", "data.validation_captions"] {
      let recipe = try run.recipe([key + "=fr"])
      await #expect(throws: ModelError.self) { try await RunPlan(recipe) }
    }
  }

  @Test(arguments: [1, 4_096, 4_097, 8_191, 8_192, 1_000_000])
  func `a look at the data reads at most 4,096 pairs, and more than half as many`(count: Int) {
    let interval = DataCheck.interval(pairCount: count)
    let visited = (count + interval - 1) / interval
    #expect(visited <= 4_096 && visited > min(count, 4_096) / 2)
  }

  @Test func `a batch of more pairs than can be read is refused by a dry run too`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let shard = run.folder + "/damaged.tar"
    var bytes = try Data(
      contentsOf: URL(filePath: MiniatureRun.data + "/noto-emoji/test.tar"))
    // One picture that is none.
    let picture = try #require(
      bytes.firstRange(of: Data([0x52, 0x49, 0x46, 0x46]))
        ?? bytes
        .firstRange(of: Data([0x89, 0x50, 0x4E, 0x47])))
    bytes.resetBytes(in: picture)
    try bytes.write(to: URL(filePath: shard))
    let overrides = ["data.train=\(shard)", "data.damage_limit=100 %", "batch.pairs=147"]
    let recipe = try run.recipe(overrides)
    let planned = await #expect(throws: ModelError.self) { try await RunPlan(recipe) }
    let trained = await #expect(throws: ModelError.self) { try await run.train(overrides) }
    #expect(planned?.description == trained?.description)
    guard case .data(.tooFewPairs(readable: 146, batch: 147))? = planned else {
      Issue.record("\(String(describing: planned))")
      return
    }
  }

  @Test func `a stop before the first step does not claim that something is saved`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let stopped = try await run.train(stopSignal: { SIGINT })
    #expect(stopped.outcome == .interrupted(signal: SIGINT, step: 0))
    #expect(stopped.notes.last == "Stopped by signal 2 before the first step; nothing is to save")
    #expect(!FileManager.default.fileExists(atPath: run.checkpoints()))
  }
}
