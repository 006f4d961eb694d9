import Foundation
import Testing

@testable import Checkpoints
@testable import DurableFiles
@testable import Training

struct TrainerResumeTests {
  @Test(arguments: [2, 4, 6])
  func `a run that was stopped goes on as if it had not been`(step: Int) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(root: "whole")
    _ = try await run.train(root: "broken")
    try run.forgetCheckpoints(after: step, root: "broken")
    let second = try await run.train(root: "broken")
    #expect(second.notes.contains { $0.hasPrefix("Going on after step \(step) ") })
    #expect(second.outcome == .finished(steps: 7))
    let whole = try run.contents(run.checkpoints("whole") + "/last.h5")
    #expect(try run.contents(run.checkpoints("broken") + "/last.h5") == whole)
    #expect(whole.tensors.count > 90)
    #expect(try run.rows("broken") == run.rows("whole"))
    #expect(try run.rows("whole").count == 7 + 3)
  }

  @Test func `a locked image tower's run goes on exactly too`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let locked = [
      #"model.train=["image/**: locked", "**: trained"]"#, "data.augmentation=none",
    ]
    _ = try await run.train(locked, root: "whole")
    _ = try await run.train(locked, root: "broken")
    try run.forgetCheckpoints(after: 2, root: "broken")
    _ = try await run.train(locked, root: "broken")
    let whole = try run.contents(run.checkpoints("whole") + "/last.h5")
    #expect(try run.contents(run.checkpoints("broken") + "/last.h5") == whole)
    #expect(try run.rows("broken") == run.rows("whole"))
    // What is locked has no moments and keeps its start values.
    #expect(whole.tensors["optimizer/first_moment/image/positions"] == nil)
    let early = try run.contents(run.checkpoints("whole") + "/step-00000002.h5")
    #expect(
      early.tensors["parameters/image/positions"] == whole.tensors["parameters/image/positions"])
    #expect(
      early.tensors["parameters/text/embeddings/positions"]
        != whole.tensors["parameters/text/embeddings/positions"])
  }

  /// Wherever it comes: between steps, between batches of a validation, while pictures are encoded.
  @Test(arguments: [true, false])
  func `a signal at any time loses nothing and changes no bit`(isCached: Bool) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let locked = [
      #"model.train=["image/**: locked", "**: trained"]"#, "data.augmentation=none",
      "data.cache=\(isCached)",
    ]
    _ = try await run.train(locked, root: "whole")
    // The first interruptions come while the pictures are encoded once more.
    if isCached { try FileManager.default.removeItem(atPath: run.cache) }
    var interruptions = 0
    var outcome = TrainingOutcome.interrupted(signal: SIGTERM, step: 0)
    // The n-th time that a run looks for a signal there is one; a later n, the later in the run.
    for looks in 1... {
      var left = looks
      outcome = try await run.train(locked, root: "broken") {
        left -= 1
        return left < 0 ? SIGTERM : nil
      }.outcome
      guard case .interrupted = outcome else { break }
      interruptions += 1
    }
    #expect(outcome == .finished(steps: 7) && interruptions > 5)
    #expect(
      try run.contents(run.checkpoints("broken") + "/last.h5")
        == run.contents(run.checkpoints("whole") + "/last.h5"))
    #expect(try run.rows("broken") == run.rows("whole"))
  }

  @Test func `a signal during the last validation leaves it to the next start`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(root: "whole")
    var validations = 0
    let first = try await run.train(
      root: "broken", stopSignal: { validations == 2 ? SIGTERM : nil },
      onValidation: { validations += 1 })
    // After the second validation the next look is between steps.
    #expect(first.outcome == .interrupted(signal: SIGTERM, step: 6))
    var looks = 0
    let second = try await run.train(root: "broken") {
      looks += 1
      return looks == 2 ? SIGTERM : nil
    }
    // The first look is before step 7, the second in the validation after it.
    #expect(second.outcome == .interrupted(signal: SIGTERM, step: 7))
    let saved = try run.contents(run.checkpoints("broken") + "/last.h5")
    #expect(saved.state.validationIsDue && saved.state.step == 7)
    let third = try await run.train(root: "broken")
    #expect(third.outcome == .finished(steps: 7))
    #expect(
      try run.contents(run.checkpoints("broken") + "/last.h5")
        == run.contents(run.checkpoints("whole") + "/last.h5"))
    #expect(try run.rows("broken") == run.rows("whole"))
  }

  @Test func `a run that another process holds is not read`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(["length=2 steps", "optimizer.schedule=constant"])
    let held = try CheckpointFolder(root: run.folder + "/a", run: "miniature")
    let error = await #expect(throws: ModelError.self) {
      try await run.train(["length=3 steps", "optimizer.schedule=constant"])
    }
    guard case .file(let refused)? = error, refused.operation == .lock else {
      Issue.record("\(String(describing: error))")
      return
    }
    withExtendedLifetime(held) {}
  }

  @Test func `loader tasks and a memory budget change no bit`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(root: "many")
    _ = try await run.train(
      ["threads.loader=1", "threads.compute=1", try run.smallestMemoryBudget()], root: "one")
    #expect(
      try run.contents(run.checkpoints("one") + "/last.h5").tensors
        == run.contents(run.checkpoints("many") + "/last.h5").tensors)
  }

  /// Half of it is there, or all but one bit of a parameter or of a moment.
  @Test(arguments: [0, 1, 2])
  func `a damaged newest checkpoint is passed over`(_ damage: Int) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train()
    let newest = run.checkpoints() + "/step-00000007.h5"
    if damage == 0 {
      try cut(newest)
    } else {
      try flip(newest, in: damage == 1 ? .parameters : .secondMoments)
      // What is asked of it before its tensors are read, it still says.
      #expect(try RunOnDisk(run.checkpoints(), root: nil).resume == .auto)
    }
    let second = try await run.train()
    #expect(second.notes.contains { $0.hasPrefix("Passed over a checkpoint.") })
    #expect(second.notes.contains { $0.hasPrefix("Going on after step 6 ") })
    #expect(CheckpointReader.verify(newest).isEmpty)
  }

  @Test func `a run whose checkpoints are all damaged does not start anew`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train()
    for step in CheckpointFolder.steps(in: run.checkpoints()) {
      try cut("\(run.checkpoints())/\(CheckpointFolder.name(ofStep: step))")
    }
    await #expect(throws: ModelError.self) { try await run.train() }
    #expect(CheckpointFolder.steps(in: run.checkpoints()) == [2, 3, 4, 6, 7])
    let anew = try await run.train(resume: .never)
    #expect(anew.notes.contains { $0.contains("/old-1") })
    #expect(anew.outcome == .finished(steps: 7))
  }

  @Test(arguments: [
    ("seed=4", "`seed` was 3, is 4"),
    ("batch.pairs=31", "`batch.pairs` was 32, is 31"),
    ("optimizer.adamw.learning_rate=2e-3", "`optimizer.adamw.learning_rate` was 0.001, is 0.002"),
  ])
  func `another recipe does not go on with a run`(override: String, problem: String) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(["length=2 steps", "optimizer.schedule=constant"])
    let error = await #expect(throws: ModelError.self) {
      try await run.train([override, "length=2 steps", "optimizer.schedule=constant"])
    }
    #expect(error?.description.contains(problem) == true)
    #expect(error?.isUsageError == true)
  }

  @Test func `a run can be made longer`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let constant = "optimizer.schedule=constant"
    _ = try await run.train(["length=3 steps", constant])
    let longer = try await run.train(["length=7 steps", constant])
    #expect(longer.notes.contains("Changed: `length` was 3 steps, is 7 steps"))
    _ = try await run.train(["length=7 steps", constant], root: "b")
    #expect(
      try run.contents(run.checkpoints() + "/last.h5").tensors
        == run.contents(run.checkpoints("b") + "/last.h5").tensors)
  }

  @Test func `other pairs do not go on with a run, the same ones elsewhere do`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let short = ["optimizer.schedule=constant"]
    _ = try await run.train(short + ["length=2 steps"])
    let copy = run.folder + "/moved.tar"
    try FileManager.default.copyItem(
      atPath: MiniatureRun.data + "/noto-emoji/test.tar", toPath: copy)
    let moved = try await run.train(short + ["length=4 steps", "data.train=\(copy)"])
    #expect(moved.outcome == .finished(steps: 4))
    let error = await #expect(throws: ModelError.self) {
      try await run.train(
        short + [
          "length=6 steps", "data.train=\(MiniatureRun.data)/noto-emoji/validation.tar",
        ])
    }
    #expect(error?.description.contains("other pairs") == true)
  }

  @Test func `a run goes on by its own recipe from name, folder or file`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train()
    let recipe = try run.recipe()
    let byFolder = try RunOnDisk(run.checkpoints(), root: nil)
    #expect(byFolder.recipe == recipe && byFolder.root == run.folder + "/a")
    #expect(byFolder.resume == .auto)
    let file = run.checkpoints() + "/step-00000004.h5"
    let byFile = try RunOnDisk(file, root: nil)
    #expect(byFile.resume == .checkpoint(path: file) && byFile.root == run.folder + "/a")
    let byName = try RunOnDisk("miniature", root: run.folder + "/a")
    #expect(byName.recipe == recipe && byName.resume == .auto)
    #expect(throws: ModelError.self) { try RunOnDisk(run.folder, root: nil) }
    #expect(throws: ModelError.self) { try RunOnDisk(run.folder + "/none.h5", root: nil) }
  }

  /// Flips a bit of a tensor.
  private func flip(_ path: String, in section: CheckpointSection) throws {
    let reader = try CheckpointReader(path)
    let name = try #require(reader.paths(in: section).last { $0.hasSuffix("query/weight") })
    let sizes = try reader.sizes(of: name, in: section)
    var values = [Float](repeating: 0, count: sizes.reduce(1, *))
    try values.withUnsafeMutableBufferPointer {
      try reader.read(name, in: section, sizes: sizes, into: $0)
    }
    var data = try Data(contentsOf: URL(filePath: path))
    let place = try #require(data.range(of: values[..<16].withUnsafeBytes { Data($0) }))
    data[place.lowerBound + 1] ^= 4
    try data.write(to: URL(filePath: path))
  }

  /// Leaves the first half of a file.
  private func cut(_ path: String) throws {
    let data = try Data(contentsOf: URL(filePath: path))
    try data.prefix(data.count / 2).write(to: URL(filePath: path))
  }
}
