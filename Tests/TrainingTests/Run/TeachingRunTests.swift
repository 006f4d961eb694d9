import Foundation
import Testing

@testable import Checkpoints
@testable import Training

/// Runs whose image tower is masked and learns from a teacher.
struct TeachingRunTests {
  /// A checkpoint of a run of its own: another width of embeddings, other start values.
  private func teacher(
    _ run: MiniatureRun, _ name: String = "teacher", _ overrides: [String] = []
  ) async throws -> String {
    _ = try await run.train(
      [
        "length=1 steps", "optimizer.schedule=constant", "seed=8",
        "model.configuration.embedding_width=24",
      ] + overrides, root: name)
    return run.checkpoints(name) + "/step-00000001.h5"
  }

  private func taught(_ path: String, _ more: String...) -> [String] {
    ["model.image_mask_ratio=0.5", "objective.distillation={teacher: \(path), weight: 0.7}"] + more
  }

  private func steps(_ run: MiniatureRun, _ root: String) throws -> [[String: Any]] {
    try run.rows(root).compactMap {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }.filter { $0["kind"] as? String == "step" }
  }

  @Test(arguments: ["roll(2)", "none"])
  func `a run with masks and a teacher goes on exactly`(augmentation: String) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let path = try await teacher(run)
    let overrides = taught(path, "data.augmentation=\(augmentation)")
    _ = try await run.train(overrides, root: "whole")
    _ = try await run.train(overrides, root: "broken")
    try run.forgetCheckpoints(after: 4, root: "broken")
    let second = try await run.train(overrides, root: "broken")
    #expect(second.notes.contains { $0.hasPrefix("Going on after step 4 ") })
    let whole = try run.contents(run.checkpoints("whole") + "/last.h5")
    #expect(try run.contents(run.checkpoints("broken") + "/last.h5") == whole)
    #expect(try run.rows("broken") == run.rows("whole"))
    #expect(whole.state.teacherSHA256 == (try CheckpointReader(path).sha256))
    let steps = try steps(run, "whole")
    #expect(steps.count == 7)
    for row in steps {
      let distance = try #require(row["distillation_loss"] as? Double)
      #expect(distance > 0 && distance < 2)
      #expect(try #require(row["loss"] as? Double) > 0.7 * distance)
    }
  }

  /// A crop of the whole picture is the picture, but the trainer does not know.
  @Test func `a teacher that is asked once or in every step says the same`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let path = try await teacher(run)
    let once = taught(path, "data.augmentation=none")
    let often = taught(path, "data.augmentation=crop(1, 1)", "batch.images_per_chunk=8")
    #expect(try RunPreparation(try run.recipe(once)).keepsTeacherFeatures)
    #expect(try !RunPreparation(try run.recipe(often)).keepsTeacherFeatures)
    _ = try await run.train(once, root: "once")
    _ = try await run.train(often, root: "often")
    #expect(
      try run.contents(run.checkpoints("once") + "/last.h5").tensors
        == run.contents(run.checkpoints("often") + "/last.h5").tensors)
    #expect(try run.rows("once") == run.rows("often"))
  }

  @Test func `another teacher does not go on with a run, the same one elsewhere does`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let path = try await teacher(run)
    let other = try await teacher(run, "other", ["seed=9"])
    let constant = "optimizer.schedule=constant"
    _ = try await run.train(taught(path, "length=2 steps", constant))
    let moved = run.folder + "/moved.h5"
    try FileManager.default.copyItem(atPath: path, toPath: moved)
    let later = try await run.train(taught(moved, "length=3 steps", constant))
    #expect(later.outcome == .finished(steps: 3))
    #expect(later.notes.contains { $0.hasPrefix("Changed: `objective.distillation.teacher`") })
    // Another file under the old name too.
    try FileManager.default.removeItem(atPath: moved)
    try FileManager.default.copyItem(atPath: other, toPath: moved)
    for changed in [other, moved] {
      let error = await #expect(throws: ModelError.self) {
        try await run.train(taught(changed, "length=4 steps", constant))
      }
      #expect(error?.description.contains("the run began with another teacher") == true)
      #expect(error?.isUsageError == true)
    }
    let none = await #expect(throws: ModelError.self) {
      try await run.train(["model.image_mask_ratio=0.5", "length=4 steps", constant])
    }
    #expect(none?.description.contains("`objective.distillation.weight` was 0.7") == true)
  }

  @Test func `validation sees whole pictures`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    // At this rate nothing is learned, so that masks alone could change a figure.
    let still = ["optimizer.adamw.learning_rate=1e-30", "length=3 steps"]
    _ = try await run.train(still, root: "whole")
    _ = try await run.train(still + ["model.image_mask_ratio=0.7"], root: "masked")
    let (whole, masked) = (try run.rows("whole"), try run.rows("masked"))
    #expect(whole.count == 4 && masked.count == 4)
    for (left, right) in zip(whole, masked) {
      let isValidation = left.contains("\"validation\"")
      #expect((left == right) == isValidation)
    }
  }

  @Test func `a plan shows what stays of pictures and what the teacher takes`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let path = try await teacher(run)
    let plain = try await RunPlan(try run.recipe())
    let plan = try await RunPlan(try run.recipe(taught(path)))
    #expect(plan.description.contains("0 of them encoded twice, 2 of 4 patches each\n  teacher   "))
    #expect(plan.description.contains("  image_mask_ratio: 0.5\n"))
    #expect(plan.cost.imageOperations < plain.cost.imageOperations)
    #expect(plan.memory.imageActivations < plain.memory.imageActivations)
    #expect(plan.cost.teacherOperations > 0 && plan.cost.teacherChunks == 4)
    #expect(plan.cost.operations > plan.cost.teacherOperations + plan.cost.imageOperations)
    #expect(plain.memory.teacher == 0 && !plain.description.contains("teacher"))
    let once = try await RunPlan(try run.recipe(taught(path, "data.augmentation=none")))
    #expect(once.description.contains("teacher   encodes pictures once, before the first step"))
    #expect(once.cost.teacherOperations == 0)
    #expect(once.memory.teacher == plan.memory.teacher)
    #expect(once.memory.tables == plan.memory.tables + 4 * 147 * 24)
    #expect(once.memory.total >= once.memory.teacher + once.memory.tables)
    #expect(once.json.line.contains(#""teacher_features_kept": true, "patches_kept": 2"#))
  }

  private static let locked = #"model.train=["image/**: locked", "**: trained"]"#

  @Test func `a locked image tower is neither masked nor taught`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let path = try await teacher(run)
    for key in ["model.image_mask_ratio=0.5", "objective.distillation.teacher=\(path)"] {
      let error = #expect(throws: ModelError.self) {
        try RunPreparation(try run.recipe([Self.locked, key]))
      }
      #expect(error?.description.contains("every parameter of the image tower is locked") == true)
      #expect(error?.isUsageError == true)
      // One trained parameter is enough.
      let part = #"model.train=["image/projection/**: trained", "image/**: locked", "**: trained"]"#
      #expect(throws: Never.self) { try RunPreparation(try run.recipe([part, key])) }
    }
  }

  @Test func `a residual network is not masked, and a ratio leaves a patch`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let residual =
      "model.configuration.image={size: 32, layers: [1, 1, 1, 1], width: 2, head_width: 16}"
    #expect(throws: RecipeError.self) {
      try run.recipe([residual, "model.image_mask_ratio=0.5"])
    }
    _ = try await run.train([residual, "length=1 steps", "optimizer.schedule=constant"], root: "r")
    let source = #"model={from: \#(run.checkpoints("r"))/last.h5, train: ["**: trained"], "#
    let masked = #expect(throws: ModelError.self) {
      try RunPreparation(try run.recipe([source + "image_mask_ratio: 0.5}"]))
    }
    #expect(masked?.description.contains("Only a vision transformer has patches") == true)
    #expect(masked?.isUsageError == true)
    let empty = #expect(throws: ModelError.self) {
      try RunPreparation(try run.recipe(["model.image_mask_ratio=0.76"]))
    }
    #expect(empty?.description.contains("leaves none of a picture's 4 patches") == true)
  }

  @Test func `a teacher has to be a whole checkpoint for pictures of the student's size`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let large = try await teacher(
      run, "large",
      ["model.configuration.image={size: 24, patch: 8, width: 32, depth: 1, head_width: 16}"])
    func refusal(_ path: String) -> ModelError? {
      #expect(throws: ModelError.self) {
        try RunPreparation(try run.recipe(["objective.distillation.teacher=\(path)"]))
      }
    }
    let size = refusal(large)
    #expect(size?.description.contains("takes pictures of 24 pixels a side") == true)
    #expect(size?.isUsageError == true)
    guard case .checkpoint? = refusal(run.folder + "/none.h5") else {
      Issue.record("a missing file")
      return
    }
    let cut = run.folder + "/cut.h5"
    try FileManager.default.copyItem(atPath: large, toPath: cut)
    let file = try #require(FileHandle(forUpdatingAtPath: cut))
    try file.truncate(atOffset: try file.seekToEnd() / 2)
    try file.close()
    guard case .checkpoint? = refusal(cut) else {
      Issue.record("half a file")
      return
    }
  }

  /// Both kinds of towers may teach both.
  @Test func `a residual network teaches a vision transformer`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let size = "model.configuration.image.size=32"
    let path = try await teacher(
      run, "residual",
      ["model.configuration.image={size: 32, layers: [1, 1, 1, 1], width: 2, head_width: 16}"])
    let overrides = taught(path, size, "length=2 steps", "optimizer.schedule=constant")
    #expect(try await run.train(overrides).outcome == .finished(steps: 2))
    #expect(try steps(run, "a").allSatisfy { $0["distillation_loss"] is Double })
  }
}
