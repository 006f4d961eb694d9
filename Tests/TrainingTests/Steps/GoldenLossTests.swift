import Autodiff
import CPUDevice
import Foundation
import Models
import TestSupport
import Testing

@testable import Training

/// Sixty steps of a miniature model, loss by loss, against a committed curve.
@Suite struct GoldenLossTests {
  static let file = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/losses/miniature.txt")

  /// Other processors multiply in another order, and sixty updates hand their roundings on: with
  /// OpenBLAS's kernels for Haswell, Zen or Nehalem the curve moves by 5e-6, and by as much when
  /// all start values change in their last bit.
  static let tolerance: Float = 1e-4

  /// - Parameter nudge: a factor of all start values.
  static func losses(nudge: Float = 1) throws -> [Float] {
    let trial = StepTrial(pairs: 16).with {
      $0.settings.imagesPerChunk = 6
      $0.settings.tokensPerChunk = 64
      $0.settings.dropout = 0.1
      $0.threadCount = 2
    }
    let (device, parameters, step) = try trial.prepared()
    parameters.initialize(seed: 1)
    for index in 0..<parameters.layout.trainedElementCount { parameters.values[index] *= nudge }
    let optimizer = AdamWUpdate(
      parameters, device: device,
      hyperparameters: .init(firstBeta: 0.9, secondBeta: 0.98, epsilon: 1e-6),
      groups: [
        .init(
          range: 0..<parameters.layout.trainedElementCount, rateFactor: 1, weightDecay: 0.05)
      ])
    let limit = LogitScaleLimit(maximum: 100)
    let pairs = MiniaturePairs(count: 64, topicCount: 16)
    return try (1...60).map { number in
      let start = (number - 1) * 16 % 64
      parameters.clearGradients()
      let result = try step.run(pairs[Array(start..<start + 16)].batch(), step: number)
      let norm = parameters.gradientNorm(on: device)
      optimizer.apply(
        updateCount: number, learningRate: 2e-3, gradientScale: min(1, 1 / norm))
      limit.apply(to: parameters, of: trial.model.logitScale)
      return result.loss
    }
  }

  /// A line for each step: its number and its loss.
  static func text(of losses: [Float]) -> String {
    let lines = losses.enumerated().map { index, loss in
      String(format: "%d %.6f\n", index + 1, loss)
    }
    return """
      # Losses of GoldenLossTests. Made by the test itself: when it fails, it writes the curve it
      # found and names the file; copy that here if the change of the numbers is meant.

      """ + lines.joined()
  }

  @Test func `the committed losses are found again`() throws {
    let losses = try Self.losses()
    let committed = (try? String(contentsOf: Self.file, encoding: .utf8)) ?? ""
    let expected = committed.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap {
      $0.split(separator: " ").last.flatMap { Float($0) }
    }
    let isWhole = expected.count == losses.count
    let distance = zip(losses, expected).map { abs($0 - $1) }.max() ?? .infinity
    TestReport.show("golden losses: \(distance) from the committed curve at most")
    if isWhole, distance <= Self.tolerance { return }
    let found = FileManager.default.temporaryDirectory.appending(path: "duiqi-miniature-losses.txt")
    try Self.text(of: losses).write(to: found, atomically: true, encoding: .utf8)
    Issue.record(
      """
      The losses are \(losses), committed are \(expected). If the change is meant, copy \
      \(found.path) over \(Self.file.path) and say why in the commit.
      """)
  }

  @Test func `the tolerance leaves room for roundings and none for mistakes`() throws {
    let losses = try Self.losses()
    let nudged = try Self.losses(nudge: 1.000_000_1)
    let distance = zip(losses, nudged).map { abs($0 - $1) }.max() ?? 1
    TestReport.show("golden losses, start values times 1.0000001: moved by \(distance)")
    #expect(distance > 0 && distance < Self.tolerance / 10)
    // A start that is wrong by a thousandth shows.
    let changed = try Self.losses(nudge: 1.001)
    #expect(zip(losses, changed).contains { abs($0 - $1) > Self.tolerance })
  }

  @Test func `sixty steps learn`() throws {
    let losses = try Self.losses()
    let (first, last) = (losses[..<4].reduce(0, +) / 4, losses[56...].reduce(0, +) / 4)
    #expect(last < first - 0.5, "from \(first) to \(last)")
  }
}
