import Foundation
import PairData
import Testing

@testable import Checkpoints
@testable import Training

/// Runs that read embeddings from files, and what becomes of those between two starts.
struct CachedRunTests {
  private static let locked = [
    #"model.train=["image/**: locked", "**: trained"]"#, "data.augmentation=none",
  ]

  enum Change: CaseIterable {
    case none, deleted, truncated, flipped, foreign, unfinished
  }

  /// Leaves the run's only cache file as a case says.
  private func apply(_ change: Change, _ run: MiniatureRun) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: run.cache)
    let name = try #require(names.first { $0.hasSuffix(".embeddings") })
    let url = URL(filePath: "\(run.cache)/\(name)")
    var data = try Data(contentsOf: url)
    switch change {
    case .none: return
    case .deleted: try FileManager.default.removeItem(atPath: run.cache)
    case .truncated: try data.prefix(data.count / 2).write(to: url)
    case .flipped:
      data[data.count / 2] ^= 8
      try data.write(to: url)
    case .foreign: try Data("foreign".utf8).write(to: url)
    case .unfinished:
      try data.prefix(data.count / 3).write(to: URL(filePath: url.path + ".partial"))
      try FileManager.default.removeItem(at: url)
    }
  }

  @Test(arguments: Change.allCases)
  func `a run goes on exactly whatever became of the cache`(change: Change) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(Self.locked + ["data.cache=false"], root: "whole")
    #expect(!FileManager.default.fileExists(atPath: run.cache))
    let first = try await run.train(Self.locked, root: "broken")
    #expect(first.notes.contains { $0.contains("147 pictures: 147 encoded") })
    #expect(first.notes.contains { $0.contains("of validation") && $0.contains("147 from the") })
    try run.forgetCheckpoints(after: 4, root: "broken")
    try apply(change, run)
    let second = try await run.train(Self.locked, root: "broken")
    let isNoted = second.notes.contains { $0.hasPrefix("Cache: ") }
    #expect(isNoted == [.truncated, .flipped, .foreign].contains(change))
    #expect(
      try run.contents(run.checkpoints("broken") + "/last.h5")
        == run.contents(run.checkpoints("whole") + "/last.h5"))
    #expect(try run.rows("broken") == run.rows("whole"))
  }

  @Test func `a teacher's features are read, to the same bits`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(
      ["length=1 steps", "optimizer.schedule=constant", "seed=8"], root: "teacher")
    let taught = [
      "objective.distillation.teacher=\(run.checkpoints("teacher"))/last.h5",
      "data.augmentation=none",
    ]
    _ = try await run.train(taught + ["data.cache=false"], root: "plain")
    let first = try await run.train(taught, root: "first")
    let second = try await run.train(taught, root: "second")
    #expect(first.notes.contains { $0.contains("teacher: 147 pictures: 147 encoded") })
    #expect(second.notes.contains { $0.contains("teacher: 147 pictures: 147 from the cache") })
    let plain = try run.contents(run.checkpoints("plain") + "/last.h5")
    for root in ["first", "second"] {
      #expect(try run.contents(run.checkpoints(root) + "/last.h5") == plain)
      #expect(try run.rows(root) == run.rows("plain"))
    }
  }

  @Test func `another tower, another teacher or another size takes nothing from the cache`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let short = Self.locked + ["length=1 steps", "optimizer.schedule=constant"]
    _ = try await run.train(short)
    let size = "model.configuration.image={size: 24, patch: 8, width: 32, depth: 1, head_width: 16}"
    for (index, change) in ["seed=4", size, "data.alpha=dropped"].enumerated() {
      let other = try await run.train(short + [change], root: "other\(index)")
      #expect(other.notes.contains { $0.contains("tower: 147 pictures: 147 encoded") }, "\(change)")
    }
    let same = try await run.train(short + ["data.context_length=9"], root: "same")
    #expect(same.notes.contains { $0.contains("tower: 147 pictures: 147 from the cache") })
  }

  @Test(arguments: [true, false])
  func `a stop while pictures are encoded says whether they are kept`(isCached: Bool) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    var calls = 0
    let stopped = try await run.train(
      Self.locked + ["data.cache=\(isCached)"],
      stopSignal: {
        calls += 1
        return calls > 3 ? SIGINT : nil
      })
    #expect(stopped.outcome == .interrupted(signal: SIGINT, step: 0))
    #expect(
      stopped.notes.last
        == "Stopped by signal 2 before the first step; "
        + (isCached
          ? "no step is to save, and the cache keeps what was encoded" : "nothing is to save"))
    #expect(!FileManager.default.fileExists(atPath: run.checkpoints()))
    let rest = try await run.train(Self.locked)
    let isReused = rest.notes.contains { $0.contains("pictures: 64 from the cache, 83 encoded") }
    #expect(isReused == isCached)
  }

  @Test func `a plan shows what is encoded once and what the cache has of it`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let before = try await RunPlan(try run.recipe(Self.locked))
    #expect(before.encodings.map(\.name) == ["training pictures", "validation pictures"])
    #expect(before.encodings.allSatisfy { $0.foundCount == 0 && $0.operations > 0 })
    #expect(before.description.contains("  147 training pictures, 0 of them in the cache: "))
    #expect(!FileManager.default.fileExists(atPath: run.cache))
    _ = try await run.train(Self.locked + ["length=1 steps", "optimizer.schedule=constant"])
    let after = try await RunPlan(try run.recipe(Self.locked))
    #expect(after.encodings.allSatisfy { $0.foundCount == 147 && $0.operations == 0 })
    #expect(
      after.json.line.contains(
        #""encoded_once": [{"what": "training pictures", "count": 147, "in_cache": 147, "#))
    let off = try await RunPlan(try run.recipe(Self.locked + ["data.cache=false"]))
    #expect(off.encodings.allSatisfy { $0.foundCount == 0 })
    #expect(off.description.contains("147 training pictures, no cache: "))
    let full = try await RunPlan(try run.recipe())
    #expect(full.encodings.isEmpty && !full.description.contains("Once, before"))
  }

  private static let lockedText = [
    #"model.train=["text/**: locked", "**: trained"]"#, "model.dropout=0",
  ]

  @Test func `a locked text tower's captions are read, to the same bits`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(Self.lockedText + ["data.cache=false"], root: "plain")
    let first = try await run.train(Self.lockedText, root: "first")
    try run.forgetCheckpoints(after: 4, root: "first")
    let second = try await run.train(Self.lockedText, root: "first")
    #expect(
      first.notes.contains { $0.hasPrefix("Encoding captions with") && $0.contains(" encoded") })
    #expect(
      second.notes.contains { $0.hasPrefix("Encoding captions with") && $0.contains(" from the") })
    let plain = try run.contents(run.checkpoints("plain") + "/last.h5")
    #expect(try run.contents(run.checkpoints("first") + "/last.h5") == plain)
    #expect(try run.rows("first") == run.rows("plain"))
    let plan = try await RunPlan(try run.recipe(Self.lockedText))
    #expect(plan.encodings.map(\.name) == ["training captions", "validation captions"])
    #expect(plan.encodings.allSatisfy { $0.foundCount == $0.count && $0.count >= 147 })
    #expect(plan.cost.textOperations == 0 && plan.keepsTextEmbeddings)
    #expect(plan.description.contains("  texts     encoded once, before the first step"))
    // With dropout a caption is another one in every step.
    let dropout = try RunPreparation(
      try run.recipe([Self.lockedText[0], "model.dropout=0.1"]))
    #expect(!dropout.keepsTextEmbeddings && dropout.textIsLocked)
  }

  /// A shard of so many captions of each pair, at the same places however many they are.
  private func write(captionCount: Int, to shard: String) throws {
    var bytes: [UInt8] = []
    for (index, picture) in EncodingTrial.pictures.enumerated() {
      let captions = (0..<captionCount).map { "\"图\(index)文\($0)\"" }
      let text = "{\"zh\": [\(captions.joined(separator: ", "))]}"
      bytes += try TarWriter.member(name: "pair\(index).png", data: picture)
      bytes += try TarWriter.member(
        name: "pair\(index).json",
        data: Array(text.utf8) + [UInt8](repeating: 0x20, count: 200 - text.utf8.count))
    }
    bytes += TarWriter.end(afterBytes: Int64(bytes.count))
    guard FileManager.default.fileExists(atPath: shard) else {
      return try Data(bytes).write(to: URL(filePath: shard))
    }
    // Never shorter, whoever reads it meanwhile.
    let file = try FileHandle(forUpdating: URL(filePath: shard))
    try file.write(contentsOf: Data(bytes))
    try file.close()
  }

  @Test(arguments: ["train", "validation"])
  func `captions that are rewritten while a run goes on end it, and are named`(
    part: String
  ) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let shard = "\(run.folder)/own.tar"
    try write(captionCount: 1, to: shard)
    let error = await #expect(throws: ModelError.self) {
      try await run.train(
        Self.lockedText
          + ["data.\(part)=\(shard)", "data.validation_captions=zh", "length=20 steps"],
        onValidation: { try? write(captionCount: 9, to: shard) })
    }
    guard case .data(.captionsChanged(shard, let key, encoded: 1, let found))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(key.hasPrefix("pair") && (2...9).contains(found))
    #expect(
      error?.description.contains("found a caption \(found), expected 1 in all") == true)
  }

  /// Embeddings of the batch's own captions, computed in the step, give the same losses.
  @Test func `captions read from the table are those of the batch`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let short = ["length=4 steps", "optimizer.schedule=constant"]
    _ = try await run.train(Self.lockedText + short, root: "read")
    // No activation is dropped, and yet the table is not used.
    _ = try await run.train([Self.lockedText[0], "model.dropout=1e-30"] + short, root: "computed")
    let losses = { (root: String) in
      try run.rows(root).compactMap { row -> Double? in
        let object = try JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: Any]
        return object?["loss"] as? Double
      }
    }
    let (read, computed) = (try losses("read"), try losses("computed"))
    #expect(read.count == 4 && computed.count == 4)
    for (left, right) in zip(read, computed) { #expect(abs(left - right) < 1e-4) }
  }

  @Test
  func `a locked tower's views are drawn by pair and epoch, and a resumed run draws the same`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let views = [Self.locked[0], "data.augmentation=roll(5)", "data.views=3"]
    let whole = try await run.train(views, root: "whole")
    #expect(whole.notes.contains { $0.hasPrefix("Encoding view 3 of 3 of pictures") })
    _ = try await run.train(views, root: "broken")
    try run.forgetCheckpoints(after: 4, root: "broken")
    try FileManager.default.removeItem(atPath: run.cache)
    _ = try await run.train(views, root: "broken")
    #expect(
      try run.contents(run.checkpoints("broken") + "/last.h5")
        == run.contents(run.checkpoints("whole") + "/last.h5"))
    #expect(try run.rows("broken") == run.rows("whole"))
    _ = try await run.train(Self.locked, root: "plain")
    #expect(try run.rows("plain") != run.rows("whole"))
    let plan = try await RunPlan(try run.recipe(views))
    #expect(plan.encodings.first?.count == 3 * 147 && plan.keepsImageEmbeddings)
    #expect(throws: RecipeError.self) {
      try run.recipe([Self.locked[0], "data.augmentation=none", "data.views=3"])
    }
    let trained = #expect(throws: ModelError.self) {
      try RunPreparation(try run.recipe(["data.views=3"]))
    }
    #expect(trained?.isUsageError == true)
  }
}
