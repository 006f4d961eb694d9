import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing

@testable import Training

/// The loss of whole dual encoders: its gradient against differences and on the CPU.
@Suite struct WholeModelGradientTests {
  /// Every part of both towers, a few hundred parameters.
  static let tiny = DualEncoder.Configuration(
    image: .init(imageSize: 4, patchSize: 2, width: 4, depth: 1, headWidth: 2),
    text: .init(
      vocabularyCount: 7, width: 4, depth: 1, headWidth: 2, mlpWidth: 6, positionCount: 4),
    embeddingWidth: 3)

  /// The same with a low-rank update beside every linear layer.
  static var tinyUpdated: DualEncoder.Configuration {
    var configuration = tiny
    configuration.lowRankUpdates = LowRankUpdates(
      rank: 2, alpha: 3, layers: DualEncoder(tiny).linearLayers)
    return configuration
  }

  static var tinyPairs: MiniaturePairs {
    var pairs = MiniaturePairs(count: 3)
    pairs.pictures = pairs.pictures.map { Array($0.prefix(3 * 4 * 4)) }
    pairs.captions = [[1, 3, 2], [1, 4, 5, 2], [1, 2]]
    return pairs
  }

  /// The largest difference of an element, as a share of itself or, if that is more, of a
  /// thousandth of its tensor's root mean square.
  private func worstError(_ analytic: [Double], _ numeric: [Double]) -> Double {
    let squares = numeric.reduce(0) { $0 + $1 * $1 }
    let floor = (squares / Double(numeric.count)).squareRoot() / 1_000
    return zip(analytic, numeric).map { abs($0 - $1) / max(abs($0), abs($1), floor) }.max() ?? 0
  }

  @Test(arguments: zip([Float(0), 0.2, 0.2], [false, false, true]))
  func `every parameter's gradient agrees with central differences`(
    dropout: Float, hasUpdates: Bool
  ) throws {
    let model = DualEncoder(hasUpdates ? Self.tinyUpdated : Self.tiny)
    let step = try ReferenceStep(
      model, pairs: Self.tinyPairs, dropout: dropout, textKey: 5, repeatedPairs: .plain)
    try compare(step, model, "dropout \(dropout), updates \(hasUpdates)")
  }

  /// Of four patches two stay, in any order.
  @Test(arguments: [
    [0, 4, 2, 5, 7, 9, 10, 11, 13], [0, 2, 3, 5, 9, 6, 10, 12, 14],
    [0, 1, 4, 5, 8, 7, 10, 13, 12],
  ])
  func `so it does with masked pictures and a teacher`(kept: [Int32]) throws {
    let model = DualEncoder(Self.tiny)
    var generator = SeededGenerator(seed: 4, label: "teacher")
    let step = try ReferenceStep(
      model, pairs: Self.tinyPairs, repeatedPairs: .plain,
      teaching: .init(
        keptTokens: kept, distillation: Distillation(weight: 0.8, teacherWidth: 5),
        teacherFeatures: generator.floats(3 * 5)))
    try compare(step, model, "masks and a teacher")
  }

  private func compare(_ step: ReferenceStep, _ model: DualEncoder, _ label: String) throws {
    _ = step.run()
    var worst = (error: 0.0, path: "")
    for parameter in model.parameters {
      let analytic = step.parameters.gradientDoubles(of: parameter.path)
      let numeric = differences(step, parameter)
      // Softmax does not see a key bias: its gradient is zero, and so are differences.
      if parameter.path.hasSuffix("key/bias") {
        #expect((analytic + numeric).allSatisfy { abs($0) < 1e-10 })
        continue
      }
      let error = worstError(analytic, numeric)
      if error > worst.error { worst = (error, parameter.path) }
      #expect(error < GradientCheck.tolerance, "\(parameter.path)")
    }
    TestReport.show(
      "whole model, \(label): worst relative error of a gradient \(worst.error) "
        + "(\(worst.path))")
    #expect(worst.error > 0)
  }

  /// Six points an element: (45 (L(h) - L(-h)) - 9 (L(2h) - L(-2h)) + L(3h) - L(-3h)) / 60h.
  ///
  /// Two towers bend more than the single operations of ``GradientCheck``; the error shrinks with
  /// h⁶, so h can be large enough to keep the loss's roundings, 1e-16 / h, out of small gradients.
  private func differences(_ step: ReferenceStep, _ parameter: Parameter) -> [Double] {
    let size = 2e-3
    let start = step.parameters.doubles(of: parameter.path)
    defer {
      step.parameters.setDoubles(start, of: parameter.path)
      _ = step.loss(afterChangeOf: parameter.path)
    }
    return start.indices.map { element in
      func loss(_ steps: Double) -> Double {
        var moved = start
        moved[element] += steps * size
        step.parameters.setDoubles(moved, of: parameter.path)
        return step.loss(afterChangeOf: parameter.path)
      }
      let (near, middle, far) = (
        loss(1) - loss(-1), loss(2) - loss(-2), loss(3) - loss(-3)
      )
      return (45 * near - 9 * middle + far) / (60 * size)
    }
  }

  @Test(arguments: [Float(0), 0.2])
  func `the CPU's gradients agree with the Double reference`(dropout: Float) throws {
    let pairs = MiniaturePairs(count: 8)
    let trial = StepTrial(pairs: 8).with {
      $0.settings.dropout = dropout
      $0.threadCount = 2
    }
    let outcome = try trial.outcome(pairs.batch())
    let reference = try ReferenceStep(
      trial.model, pairs: pairs, dropout: dropout, textKey: RandomKey.mixed(9, 1, 0))
    let loss = reference.run()
    #expect(abs(Double(outcome.loss) - loss) < 1e-5 * loss)
    let all = outcome.gradients.map {
      ($0, reference.parameters.gradientDoubles(of: $0.path))
    }
    let largest = all.flatMap { $0.1.map(abs) }.max() ?? 0
    let tolerance = Tolerance(
      relativeNorm: 5e-5, element: 2e-4, absolute: 2e-6 * largest,
      reason: "Float32 through two towers and back.")
    var worst = 0.0
    for (found, expected) in all {
      #expect(tolerance.complaint(found.path, found.values, reference: expected) == nil)
      let norm = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let error = zip(found.values, expected).reduce(0) {
        $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1)
      }.squareRoot()
      if norm > 1e-6 * largest { worst = max(worst, error / norm) }
    }
    TestReport.show(
      "CPU against Double, dropout \(dropout): worst error of a gradient's norm \(worst)")
  }
}
