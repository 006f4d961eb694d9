import Foundation
import Testing

@testable import Training

/// `--profile`: where the time of a run's steps goes.
struct ProfiledRunTests {
  /// The miniature with everything that a step can have.
  private static let settings = [
    "optimizer.ema_decay=0.9", "checkpoints={every: 7 steps, keep: 9}",
  ]

  private func profile(
    _ run: MiniatureRun, root: String, _ overrides: [String] = settings,
    stopSignal: @escaping () -> Int32? = { nil }
  ) async throws -> StepProfile {
    let trainer = try Trainer(
      try run.recipe(overrides), root: "\(run.folder)/\(root)", resume: .auto,
      stopSignal: stopSignal
    ) { _ in }
    let profile = trainer.profileSteps()
    _ = try await trainer.run()
    return profile
  }

  @Test func `measuring where a run's time goes changes no bit of it`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(Self.settings, root: "plain")
    _ = try await profile(run, root: "measured")
    let contents = try ["plain", "measured"].map {
      try run.contents(run.checkpoints($0) + "/last.h5")
    }
    // Every parameter and moment; too much to be printed.
    let isSame = contents[0] == contents[1]
    #expect(isSame)
    #expect(try run.rows("plain") == run.rows("measured"))
  }

  @Test func `all steps but the first are measured, and every part of them`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let profile = try await profile(run, root: "a")
    #expect(profile.stepCount == 6 && profile.pairCount == 6 * 32)
    func calls(_ operation: String, part: String? = nil, pass: String? = nil) -> Int {
      profile.rows.filter {
        $0.work == .init(part: part, pass: pass, operation: operation)
      }.reduce(0) { $0 + $1.entry.callCount }
    }
    for operation in [
      "waiting for data", "clear gradients", "gradient norm", "AdamW with clipping",
      "average of weights", "logging",
    ] {
      #expect(calls(operation) == 6, "\(operation)")
    }
    // Four chunks of pictures a step, each encoded once forward; the MLP of its only block.
    #expect(calls("normalize pixels") == 24)
    #expect(calls("AffineMap 32 -> 128", part: "image", pass: "forward") == 24)
    #expect(calls("MatrixProduct dW 128 x 32", part: "image", pass: "gradient") == 24)
    #expect(calls("AttentionGradient", part: "text", pass: "gradient") >= 6)
    #expect(calls("SymmetricInfoNCE", part: "loss", pass: "forward") == 6)
  }

  @Test func `what a product is for does not follow from sizes that are equal by chance`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    // As many pictures in a chunk as the tower is wide.
    let profile = try await profile(run, root: "a", Self.settings + ["batch.images_per_chunk=32"])
    func calls(_ operation: String) -> Int {
      profile.rows.filter {
        $0.work == .init(part: "image", pass: "gradient", operation: "MatrixProduct \(operation)")
      }.reduce(0) { $0 + $1.entry.callCount }
    }
    #expect(calls("dx 32 -> 128") == 6 && calls("dW 32 x 128") == 6)
    #expect(calls("dx 128 -> 32") == 6 && calls("dW 128 x 32") == 6)
  }

  @Test func `parts add up to no more than the whole, and products have their work`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let profile = try await profile(run, root: "a")
    #expect(profile.accountedSeconds > 0 && profile.accountedSeconds <= profile.seconds)
    let product = try #require(
      profile.rows.first { $0.work.operation == "AffineMap 32 -> 128" }?.entry)
    // Two for each of 8 pictures' first tokens (it is the last block), 32 x 128 weights, in each
    // chunk of six steps.
    #expect(product.floatingPointOperations == 2 * 8 * 32 * 128 * 24)
    #expect(product.gigaflops != nil && product.gigabytesPerSecond == nil)
    let update = try #require(
      profile.rows.first { $0.work.operation == "AdamW with clipping" }?.entry)
    #expect(update.gigaflops == nil && update.gigabytesPerSecond != nil)
    let lines = "\(profile)".split(separator: "\n")
    #expect(lines.count == profile.rows.count + 4)
    #expect(lines.last?.contains("100.0 %") == true)
  }

  @Test func `a run that a signal stops is measured up to there`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    var asked = 0
    let profile = try await profile(run, root: "a", ["validate={every: 100 %}"]) {
      asked += 1
      return asked > 4 ? 2 : nil
    }
    #expect(profile.stepCount == 3)
    let none = try await self.profile(
      run, root: "b", ["length=1 steps", "optimizer.schedule=constant"])
    #expect(none.stepCount == 0 && "\(none)".hasPrefix("No step was measured"))
  }
}
