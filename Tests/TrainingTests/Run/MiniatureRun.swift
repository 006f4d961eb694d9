import Foundation
import Testing

@testable import Checkpoints
@testable import Training

/// Runs of a model that takes milliseconds a step, over the real pairs of the test shard.
struct MiniatureRun {
  let folder: String

  /// The repository's own pairs and vocabulary.
  static let data = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../recipes/data").standardizedFileURL.path

  init() throws {
    folder = NSTemporaryDirectory() + "duiqi-run-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    // A part of the vocabulary keeps the model, and with it every checkpoint, small.
    let vocabulary = try String(
      contentsOfFile: Self.data + "/bert-chinese/vocab.txt", encoding: .utf8)
    let part = vocabulary.split(separator: "\n").prefix(2_000).joined(separator: "\n") + "\n"
    try part.write(toFile: folder + "/vocab.txt", atomically: false, encoding: .utf8)
    try FileManager.default.copyItem(atPath: Self.data + "/noto-emoji/test.tar", toPath: shard)
  }

  /// A copy of the test shard, which leaves the repository's own folder as it is.
  var shard: String { folder + "/pairs.tar" }

  /// Where the embeddings of its pictures are kept.
  var cache: String { folder + "/.duiqi-cache" }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// Seven steps of 32 pairs, four an epoch; every part of a recipe can be overridden.
  var text: String {
    """
    run: miniature
    seed: 3
    model:
      family: chinese_clip
      configuration:
        image: { size: 16, patch: 8, width: 32, depth: 1, head_width: 16 }
        text: { width: 32, depth: 1, head_width: 16, mlp_width: 64, maximum_positions: 16 }
        embedding_width: 16
      train: ["**: trained"]
      dropout: 0.1
    data:
      train: \(shard)
      validation: \(shard)
      captions: zh
      validation_captions: zh:first
      vocabulary: \(folder)/vocab.txt
      context_length: 12
      augmentation: roll(2)
    objective:
      info_nce: { logit_scale_maximum: 100, repeated_pairs: masked }
    batch: { pairs: 32, tokens_per_chunk: 64, images_per_chunk: 8 }
    optimizer:
      adamw: { learning_rate: 1e-3, weight_decay: 0.05 }
      schedule: { cosine: { warmup: 2 steps } }
      clip_gradient_norm: 1.0
    length: 7 steps
    validate: { every: 3 steps }
    checkpoints: { every: 2 steps, keep: 10 }
    threads: { compute: 2, loader: 2 }
    """
  }

  func recipe(_ overrides: [String] = []) throws -> Recipe {
    // A checkpoint brings its own vocabulary.
    let isFresh = !overrides.contains { $0.hasPrefix("model={from: ") }
    let lines = text.split(separator: "\n").filter { isFresh || !$0.contains("vocabulary: ") }
    return try RecipeDecoder.decode(
      text: lines.joined(separator: "\n"), file: "/miniature.yaml", overrides: overrides)
  }

  /// Trains under a root of this folder. - Returns: how it ended and what was said.
  func train(
    _ overrides: [String] = [], root: String = "a", resume: ResumeMode = .auto,
    stopSignal: @escaping () -> Int32? = { nil }, onValidation: @escaping () -> Void = {}
  ) async throws -> (outcome: TrainingOutcome, notes: [String]) {
    var notes: [String] = []
    let trainer = try Trainer(
      try recipe(overrides), root: "\(folder)/\(root)", resume: resume,
      stopSignal: stopSignal
    ) { event in
      switch event {
      case .note(let text): notes.append(text)
      case .validation: onValidation()
      default: break
      }
    }
    return (try await trainer.run(), notes)
  }

  /// The override with the smallest budget that is taken, in whole MiB.
  func smallestMemoryBudget(_ overrides: [String] = []) throws -> String {
    let bytes = try RunPreparation(try recipe(overrides)).step.memory.smallestBudgetBytes
    return "memory_budget=\(max(1, (bytes + (1 << 20) - 1) >> 20)) MiB"
  }

  func checkpoints(_ root: String = "a") -> String { "\(folder)/\(root)/checkpoints/miniature" }

  /// Everything that a checkpoint holds: tensors by path, and the state.
  func contents(_ path: String) throws -> Contents {
    let reader = try CheckpointReader(path)
    var tensors: [String: [UInt32]] = [:]
    for section in CheckpointSection.allCases {
      for name in reader.paths(in: section) {
        let sizes = try reader.sizes(of: name, in: section)
        var values = [Float](repeating: 0, count: sizes.reduce(1, *))
        try values.withUnsafeMutableBufferPointer {
          try reader.read(name, in: section, sizes: sizes, into: $0)
        }
        tensors["\(section.rawValue)/\(name)"] = values.map(\.bitPattern)
      }
    }
    return Contents(tensors: tensors, state: try RunState(reader.document, file: path))
  }

  struct Contents: Equatable {
    var tensors: [String: [UInt32]]
    var state: RunState
  }

  /// The rows of `metrics.jsonl` without what depends on the clock.
  func rows(_ root: String = "a") throws -> [String] {
    let path = "\(folder)/\(root)/logs/miniature/metrics.jsonl"
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
      var object =
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
      object["pairs_per_second"] = nil
      object["data_wait_seconds"] = nil
      let data = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
      return String(decoding: data, as: UTF8.self)
    }
  }

  /// As a kill at any time after a step leaves the folder: later checkpoints do not exist.
  func forgetCheckpoints(after step: Int, root: String = "a") throws {
    for later in CheckpointFolder.steps(in: checkpoints(root)) where later > step {
      try FileManager.default.removeItem(
        atPath: "\(checkpoints(root))/\(CheckpointFolder.name(ofStep: later))")
    }
  }
}
