import Foundation
import Testing

@testable import Checkpoints
@testable import Training

/// Runs that go on with a recipe or with data that changed.
struct ChangedRunTests {
  /// A rate at which nothing is learned: the first validation stays the best.
  private static let still = [
    "optimizer.adamw.learning_rate=1e-30", "optimizer.schedule=constant",
  ]

  private static func validating(_ more: String) -> String { "validate={every: 1 step\(more)}" }

  @Test func `a best value of another figure is forgotten`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let byRank = Self.validating(", choose_best_by: text_to_image.mean_rank")
    _ = try await run.train(Self.still + [byRank, "length=3 steps"])
    let before = try run.contents(run.checkpoints() + "/last.h5").state
    #expect(before.bestStep == 1 && before.worseCount == 2)
    let byRecall = Self.validating(", choose_best_by: mean_recall")
    let notes = try await run.train(Self.still + [byRecall, "length=4 steps"]).notes
    #expect(notes.contains { $0.hasPrefix("Forgot the best validation, after step 1") })
    let after = try run.contents(run.checkpoints() + "/last.h5").state
    #expect(after.bestStep == 4 && after.worseCount == 0)
    #expect(try #require(after.bestValue) <= 1)
  }

  @Test func `a best value on other pairs is forgotten, the same ones elsewhere keep it`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let overrides =
      Self.still + [Self.validating(", choose_best_by: text_to_image.mean_rank")]
    _ = try await run.train(overrides + ["length=2 steps"])
    let copy = run.folder + "/moved.tar"
    try FileManager.default.copyItem(
      atPath: MiniatureRun.data + "/noto-emoji/test.tar", toPath: copy)
    let moved = try await run.train(
      overrides + ["length=3 steps", "data.validation=\(copy)"])
    #expect(!moved.notes.contains { $0.hasPrefix("Forgot") })
    let kept = try run.contents(run.checkpoints() + "/last.h5").state
    #expect(kept.bestStep == 1 && kept.worseCount == 2)
    // More pictures: ranks are larger, and would never be better than those among fewer.
    let other = "data.validation=\(MiniatureRun.data)/noto-emoji/validation.tar"
    let changed = try await run.train(overrides + ["length=4 steps", other])
    #expect(changed.notes.contains { $0.hasPrefix("Forgot the best validation") })
    let anew = try run.contents(run.checkpoints() + "/last.h5").state
    #expect(anew.bestStep == 4 && anew.worseCount == 0)
  }

  @Test func `a run does not go on with a model from another file`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(["length=2 steps", "optimizer.schedule=constant"])
    let first = run.checkpoints() + "/step-00000002.h5"
    let copy = run.folder + "/copy.h5"
    try FileManager.default.copyItem(atPath: first, toPath: copy)
    func overrides(_ path: String) -> [String] {
      [
        #"model={from: \#(path), train: ["**: trained"]}"#, "length=2 steps",
        "optimizer.schedule=constant",
      ]
    }
    _ = try await run.train(overrides(first), root: "b")
    let error = await #expect(throws: ModelError.self) {
      try await run.train(overrides(copy), root: "b")
    }
    #expect(error?.description.contains("`model.from` was ") == true)
    #expect(error?.description.contains("duiqi resume") == true)
  }

  @Test func `a run that stopped early goes on with another limit or none`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let three = try await run.train(Self.still + [Self.validating(", stop_after: 3 worse")])
    #expect(three.outcome == .stoppedEarly(step: 4, bestStep: 1))
    let five = try await run.train(Self.still + [Self.validating(", stop_after: 5 worse")])
    #expect(five.outcome == .stoppedEarly(step: 6, bestStep: 1))
    let none = try await run.train(Self.still + [Self.validating("")])
    #expect(none.outcome == .finished(steps: 7))
  }

  @Test func `what a run began on stays, each start adds a line`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let constant = "optimizer.schedule=constant"
    _ = try await run.train(["length=2 steps", "threads.loader=1", constant])
    _ = try await run.train(["length=4 steps", "threads.loader=2", constant])
    func objects(_ name: String) throws -> [[String: Any]] {
      let text = try String(
        contentsOfFile: run.folder + "/a/logs/miniature/" + name, encoding: .utf8)
      return try text.split(separator: "\n").compactMap {
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      }
    }
    let first = try objects("environment.json")
    let starts = try objects("environments.jsonl")
    #expect(first.map { $0["loader_threads"] as? Int } == [1])
    #expect(starts.map { $0["loader_threads"] as? Int } == [1, 2])
    #expect(starts.map { $0["after_step"] as? Int } == [0, 2])
    #expect(starts.allSatisfy { ($0["executable_sha256"] as? String)?.count == 64 })
  }
}
