import Foundation
import Testing

@testable import Training

/// Runs with no step left to take.
struct EndedRunTests {
  private static let settings = ["length=2 steps", "optimizer.schedule=constant"]

  @Test func `a file of a run that has ended leaves nothing where it is gone on with`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(Self.settings)
    let file = run.folder + "/elsewhere.h5"
    try FileManager.default.copyItem(
      atPath: run.checkpoints() + "/step-00000002.h5", toPath: file)
    let ended = try await run.train(
      Self.settings, root: "b", resume: .checkpoint(path: file))
    #expect(ended.outcome == .finished(steps: 2))
    #expect(ended.notes == ["The run has ended already, after step 2"])
    #expect(!FileManager.default.fileExists(atPath: run.folder + "/b"))
    // A longer run goes on from the same file, and leaves what runs leave.
    let longer = try await run.train(
      ["length=3 steps", Self.settings[1]], root: "b", resume: .checkpoint(path: file))
    #expect(longer.outcome == .finished(steps: 3))
    #expect(FileManager.default.fileExists(atPath: run.checkpoints("b") + "/step-00000003.h5"))
  }

  @Test func `a profile of a run that has ended says that no step was taken`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(Self.settings)
    let trainer = try Trainer(
      try run.recipe(Self.settings), root: run.folder + "/a", resume: .auto
    ) { _ in }
    let profile = trainer.profileSteps()
    _ = try await trainer.run()
    #expect("\(profile)".hasPrefix("No step was taken"))
  }
}
