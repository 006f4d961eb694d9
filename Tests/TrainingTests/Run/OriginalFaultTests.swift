import Foundation
import PairData
import Testing

@testable import Checkpoints
@testable import Training

/// What is known to go wrong in Chinese-CLIP's own training does not go wrong here.
///
/// Each claim is about whole runs; the parts behind them have suites of their own: `ChunkingTests`,
/// `DropoutTests`, `ResidualRunTests`, `TrainerResumeTests`, `BatchLoaderTests`.
@Suite struct OriginalFaultTests {
  private static let exact = [
    "model.dropout=0", "data.augmentation=none", "data.captions=zh:first",
  ]
  private static let single = [
    "length=1 steps", "optimizer.schedule=constant", "optimizer.clip_gradient_norm=1000",
  ]

  private func floats(_ bits: [UInt32]?) throws -> [Float] {
    try #require(bits).map { Float(bitPattern: $0) }
  }

  // MARK: Accumulation

  /// The original adds the whole gradient of the temperature once for every micro-batch.
  @Test func `the temperature's gradient counts once, in however many chunks`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let path = "optimizer/first_moment/logit_scale"
    var moments: [Float] = []
    for (images, tokens) in [(32, 1_024), (16, 128), (4, 12)] {
      let root = "chunks-of-\(images)"
      _ = try await run.train(
        Self.exact + Self.single + [
          "batch.images_per_chunk=\(images)", "batch.tokens_per_chunk=\(tokens)",
        ], root: root)
      moments += try floats(try run.contents(run.checkpoints(root) + "/last.h5").tensors[path])
    }
    #expect(moments.count == 3 && abs(moments[0]) > 1e-6)
    for moment in moments { #expect(abs(moment / moments[0] - 1) < 1e-3) }
  }

  /// The original drops other activations when it encodes a micro-batch for the second time.
  @Test func `a chunk that is encoded again drops the same as before`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let wide = [
      "model.configuration.text.mlp_width=2048", "model.dropout=0.3", "length=3 steps",
    ]
    let budget = try run.smallestMemoryBudget(wide)
    let again = try await RunPlan(try run.recipe(wide + [budget]))
    let kept = try await RunPlan(try run.recipe(wide))
    #expect(again.cost.textChunksAgain > 0 && kept.cost.textChunksAgain == 0)
    _ = try await run.train(wide, root: "kept")
    _ = try await run.train(wide + [budget], root: "again")
    #expect(try run.rows("again") == run.rows("kept"))
    #expect(
      try run.contents(run.checkpoints("again") + "/last.h5").tensors
        == run.contents(run.checkpoints("kept") + "/last.h5").tensors)
  }

  /// The original's norms see every micro-batch twice and move their statistics both times.
  @Test func `a picture that is encoded twice moves running statistics once`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let residual = [
      "model.configuration.image={size: 32, layers: [1, 1, 1, 1], width: 8, head_width: 32}",
      "length=2 steps",
    ]
    let again = residual + [try run.smallestMemoryBudget(residual)]
    #expect(try await RunPlan(try run.recipe(again)).cost.imageChunksAgain > 0)
    #expect(try await RunPlan(try run.recipe(residual)).cost.imageChunksAgain == 0)
    _ = try await run.train(again, root: "again")
    _ = try await run.train(residual, root: "kept")
    let found = try run.contents(run.checkpoints("again") + "/last.h5").tensors
    let counts = found.filter { $0.key.hasSuffix("/norm/chunk_count") }
    #expect(counts.count == 19)
    // Four chunks of eight pictures in each of two steps.
    for count in counts.values { #expect(try floats(count) == [8]) }
    #expect(found == (try run.contents(run.checkpoints("kept") + "/last.h5").tensors))
  }

  /// The original's switch to fixed statistics misses synchronized norms.
  @Test func `statistics of a locked tower stay as they were imported`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let first = [
      "model.configuration.image={size: 32, layers: [1, 1, 1, 1], width: 4, head_width: 32}",
      "length=2 steps",
    ]
    _ = try await run.train(first, root: "first")
    let source = run.checkpoints("first") + "/last.h5"
    _ = try await run.train(
      [#"model={from: \#(source), train: ["image/**: locked", "**: trained"]}"#, "length=2 steps"],
      root: "locked")
    let (before, after) = (
      try run.contents(source).tensors,
      try run.contents(run.checkpoints("locked") + "/last.h5").tensors
    )
    let statistics = before.keys.filter { $0.contains("/norm/running_") }
    #expect(statistics.count == 38)
    for path in statistics { #expect(after[path] == before[path], "\(path)") }
  }

  // MARK: Epochs

  /// The batches of an epoch, by their pairs' numbers.
  private func epochs(
    _ count: Int, of recipe: Recipe, from start: DataCursor = .start
  ) async throws -> [[[Int]]] {
    let preparation = try RunPreparation(recipe)
    let loader = BatchLoader(
      pairs: preparation.pairs, tokenizer: preparation.loaded.tokenizer,
      configuration: preparation.loaderConfiguration(withImages: false))
    var epochs: [[[Int]]] = []
    var cursor = start
    while true {
      let batch = try await loader.batch(from: cursor)
      guard batch.epoch - start.epoch < count else { return epochs }
      if batch.epoch - start.epoch == epochs.count { epochs.append([]) }
      epochs[epochs.count - 1].append(batch.pairIndices)
      cursor = batch.cursorAfter
    }
  }

  /// The original repeats pairs from the front until an epoch fills its batches.
  @Test func `pairs that fill their batches come once each, and none is repeated otherwise`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    // 147 pairs: three batches of 49, or four of 32 and nineteen more.
    for size in [49, 32] {
      let batches = try await epochs(3, of: try run.recipe(["batch.pairs=\(size)"])).joined()
      #expect(batches.allSatisfy { $0.count == size })
      let pairs = Array(batches.joined())
      #expect(pairs.count >= 3 * 147)
      for epoch in 0..<3 {
        #expect(pairs[epoch * 147..<(epoch + 1) * 147].sorted() == Array(0..<147))
      }
    }
  }

  /// The original trains on a set smaller than its batch by repeating it.
  @Test func `a set smaller than a batch is refused, not filled up`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let error = await #expect(throws: ModelError.self) {
      try await run.train(["batch.pairs=148"])
    }
    guard case .data(.tooFewPairs(readable: 147, batch: 148))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// The original computes what is left of an epoch and throws it away where micro-batches do not
  /// fill a batch.
  @Test func `no pair of an epoch is left out, however a batch is cut into chunks`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let chunked = ["batch.images_per_chunk=5", "batch.tokens_per_chunk=12"]
    let found = try await epochs(5, of: try run.recipe(chunked))
    #expect(found == (try await epochs(5, of: try run.recipe())))
    // 147 pairs are 4.59 batches: the fifth begins in one epoch and ends in the next.
    #expect(found.map(\.count) == [5, 5, 4, 5, 4])
    let counts = found.joined().joined().prefix(5 * 147).reduce(into: [Int: Int]()) {
      $0[$1, default: 0] += 1
    }
    #expect(counts.count == 147 && counts.values.allSatisfy { $0 == 5 })
  }

  /// The original goes on with the next epoch and skips what was left of the interrupted one.
  @Test func `a run that stopped inside an epoch meets the rest of that epoch`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(["length=2 steps", "optimizer.schedule=constant"])
    let state = try run.contents(run.checkpoints() + "/last.h5").state
    #expect(state.cursor == DataCursor(epoch: 0, position: 64))
    let whole = try await epochs(2, of: try run.recipe())
    let rest = try await epochs(2, of: try run.recipe(), from: state.cursor)
    #expect(rest[0] == Array(whole[0][2...]))
    #expect(rest[1] == whole[1])
    #expect(Set((whole[0][..<2] + rest[0]).joined().prefix(147)).count == 147)
  }

  // MARK: Going on and starting anew

  /// In the original the checkpoint's decay and betas silently win over the command line's.
  @Test(arguments: [
    ("optimizer.adamw.weight_decay=0.2", "`optimizer.adamw.weight_decay` was 0.05, is 0.2"),
    ("optimizer.adamw.betas=[0.9, 0.999]", "`optimizer.adamw.betas` was"),
    ("optimizer.adamw.epsilon=1e-8", "`optimizer.adamw.epsilon` was"),
  ])
  func `a run does not go on under another optimizer without a word`(
    override: String, problem: String
  ) async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let short = ["length=1 steps", "optimizer.schedule=constant"]
    _ = try await run.train(short)
    let error = await #expect(throws: ModelError.self) { try await run.train(short + [override]) }
    #expect(error?.description.contains(problem) == true)
  }

  @Test func `a new run from a checkpoint has its own recipe's optimizer and no moments`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(["length=4 steps", "optimizer.schedule=constant"], root: "first")
    let source = run.checkpoints("first") + "/last.h5"
    var moments: [[Float]] = []
    for first in ["0.9", "0.5"] {
      _ = try await run.train(
        Self.single + [
          #"model={from: \#(source), train: ["**: trained"]}"#,
          "optimizer.adamw.betas=[\(first), 0.98]",
        ], root: "betas-\(first)")
      moments.append(
        try floats(
          try run.contents(run.checkpoints("betas-\(first)") + "/last.h5")
            .tensors["optimizer/first_moment/text/projection/weight"]))
    }
    // After one step from nothing a moment is (1 - beta) times the gradient.
    let largest = try #require(moments[0].map(abs).max())
    #expect(largest > 0)
    for (narrow, wide) in zip(moments[0], moments[1]) {
      #expect(abs(5 * narrow - wide) < 1e-4 * largest)
    }
  }

  /// A released checkpoint says epoch 7 or 15; the original trains nothing from it where fewer
  /// epochs are asked for, unless told to reset its data offset.
  @Test func `a run from a checkpoint of any epoch begins at its own first step`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    _ = try await run.train(root: "first")
    let source = run.checkpoints("first") + "/last.h5"
    #expect(try run.contents(source).state.step == 7)
    let second = try await run.train(
      [#"model={from: \#(source), train: ["**: trained"]}"#, "length=1 epochs"], root: "second")
    #expect(second.outcome == .finished(steps: 5))
    let row = try #require(try run.rows("second").first)
    #expect(row.contains(#""epoch":0"#) && row.contains(#""step":1"#))
  }

  @Test func `an imported training checkpoint carries no step along`() async throws {
    let fixtures = try ForeignFixtures()
    // Written by the original's trainer in epoch 7, after step 40,000.
    _ = try ModelImport.run(fixtures.request(ForeignFixtures.path("training.pt")))
    #expect(try CheckpointReader(fixtures.output).document.run == nil)
    let run = try MiniatureRun()
    defer { run.remove() }
    let started = try await run.train(
      Self.single + [#"model={from: \#(fixtures.output), train: ["**: trained"]}"#])
    #expect(started.outcome == .finished(steps: 1))
    let state = try run.contents(run.checkpoints() + "/last.h5").state
    #expect(state.cursor == DataCursor(epoch: 0, position: 32))
  }

  // MARK: Figures and schedule

  /// The original's validation is the accuracy inside a batch, which depends on the batch.
  @Test func `validation is recall among all pairs, whatever the batch`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    var rows: [String] = []
    for pairs in [8, 49, 147] {
      _ = try await run.train(
        [
          "batch.pairs=\(pairs)", "length=1 steps", "optimizer.schedule=constant",
          "optimizer.adamw.learning_rate=1e-30",
        ], root: "batch-of-\(pairs)")
      rows += try run.rows("batch-of-\(pairs)").filter { $0.contains(#""kind":"validation""#) }
    }
    #expect(rows.count == 3 && Set(rows).count == 1)
    #expect(rows[0].contains(#""images":147"#) && rows[0].contains(#""recall@10""#))
  }

  /// In the original such a warm-up never reaches the base rate, and nothing is said.
  @Test func `a warm-up beyond the run is refused, one as long reaches the rate`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    #expect(throws: RecipeError.self) {
      try run.recipe(["optimizer.schedule={cosine: {warmup: 8 steps}}"])
    }
    let error = await #expect(throws: ModelError.self) {
      try await run.train(["optimizer.schedule={cosine: {warmup: 2 epochs}}"])
    }
    #expect(error?.description.contains("which are 10 steps of these pairs") == true)
    #expect(error?.description.contains("Shorten the warm-up") == true)
    _ = try await run.train(["optimizer.schedule={cosine: {warmup: 7 steps}}"])
    let last = try #require(
      try run.rows().last { $0.contains(#""kind":"step""#) })
    let row = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
    #expect(row?["step"] as? Int == 7)
    #expect(abs((row?["learning_rate"] as? Double ?? 0) - 1e-3) < 1e-9)
  }
}
