import Autodiff
import CPUDevice
import Foundation
import Models
import TestSupport
import Testing

@testable import Training

/// The loss plan of a step against ``PlainContrastiveLoss``.
@Suite struct ContrastiveLossTests {
  /// Which pairs of a batch repeat each other.
  enum Repetition: String, CaseIterable, Sendable {
    case none
    /// Some pictures have several captions.
    case pictures
    /// Few different captions, as class labels are.
    case captions
    /// Pictures and captions repeat independently.
    case both
    case allPictures
    case everything

    func groups(_ count: Int) -> (images: [Int32], texts: [Int32]) {
      let numbers = (0..<Int32(count)).map { $0 }
      return switch self {
      case .none: (numbers, numbers)
      case .pictures: (numbers.map { $0 / 3 }, numbers)
      case .captions: (numbers, numbers.map { $0 % 5 })
      case .both: (numbers.map { $0 % 11 }, numbers.map { $0 / 4 })
      case .allPictures: (numbers.map { _ in 7 }, numbers)
      case .everything: (numbers.map { _ in 7 }, numbers.map { _ in 7 })
      }
    }
  }

  struct Trial: Sendable, CustomTestStringConvertible {
    let count: Int
    let repetition: Repetition
    let policy: SymmetricInfoNCE.RepeatedPairs
    let scale: Double

    var testDescription: String { "\(count) pairs, \(repetition), \(policy), times \(scale)" }
  }

  /// Small batches in every way; 300 pairs make several tiles of rows.
  static let trials: [Trial] = [2, 3, 17, 300].flatMap { count in
    Repetition.allCases.flatMap { repetition -> [Trial] in
      [SymmetricInfoNCE.RepeatedPairs.masked, .positive, .plain].flatMap { policy -> [Trial] in
        if count > 17, repetition == .pictures || repetition == .captions { return [] }
        return (count > 17 ? [100] : [14.3, 100]).map {
          Trial(count: count, repetition: repetition, policy: policy, scale: $0)
        }
      }
    }
  }

  static let width = 16
  let model = DualEncoder(MiniatureModel.configuration)

  /// What the CPU makes of a batch of embeddings.
  private struct Found {
    let loss: Float
    let image: [Float]
    let text: [Float]
    /// With respect to the logarithm of the multiplier.
    let logScale: Float
  }

  @Test(arguments: trials)
  func `loss and gradients equal the plain formula in Double`(trial: Trial) throws {
    let (image, text) = embeddings(trial.count)
    let groups = trial.repetition.groups(trial.count)
    let found = try run(trial, image, text)
    let expected = PlainContrastiveLoss(
      image: image, text: text, width: Self.width, scale: exp(Double(Float(log(trial.scale)))),
      imageGroups: groups.images, textGroups: groups.texts, repeatedPairs: trial.policy)
    // Logits of up to 100 have roundings of 4e-6 each, which the exponential hands on.
    let tolerance = Tolerance(
      relativeNorm: 1e-5, element: 1e-4, absolute: 1e-6 * trial.scale / Double(trial.count),
      reason: "Roundings of logits up to 100, in exponentials.")
    #expect(abs(Double(found.loss) - expected.loss) <= 2e-6 * (1 + trial.scale))
    for (label, values, reference) in [
      ("image", found.image, expected.imageGradient),
      ("text", found.text, expected.textGradient),
    ] {
      #expect(tolerance.complaint(label, values, reference: reference) == nil)
    }
    let logScale = expected.scaleGradient * trial.scale
    #expect(abs(Double(found.logScale) - logScale) <= 1e-5 * (abs(logScale) + trial.scale))
  }

  @Test func `exchanging pictures and captions exchanges their gradients`() throws {
    let (image, text) = embeddings(300)
    let trial = Trial(count: 300, repetition: .both, policy: .masked, scale: 14.3)
    let forward = try run(trial, image, text)
    let backward = try run(trial, text, image)
    #expect(abs(forward.loss - backward.loss) < 1e-5)
    let expected = forward.image.map(Double.init)
    #expect(Tolerance.reduction.complaint("text", backward.text, reference: expected) == nil)
  }

  @Test func `pairs without a wrong answer have no loss where repetitions are masked`() throws {
    let (image, text) = embeddings(17)
    let trial = Trial(count: 17, repetition: .everything, policy: .masked, scale: 100)
    let found = try run(trial, image, text)
    #expect(abs(found.loss) < 1e-4)
    #expect((found.image + found.text + [found.logScale]).allSatisfy { abs($0) < 1e-4 })
  }

  @Test func `equal embeddings give the logarithm of the number of pairs`() throws {
    let (image, _) = embeddings(1)
    let equal = (0..<300).flatMap { _ in image }
    for scale in [1.0, 100] {
      let trial = Trial(count: 300, repetition: .none, policy: .plain, scale: scale)
      let found = try run(trial, equal, equal)
      #expect(abs(Double(found.loss) - log(300)) < 2e-5 * scale)
    }
  }

  @Test(arguments: [SymmetricInfoNCE.RepeatedPairs.masked, .positive, .plain])
  func `a number that is not one shows in the loss`(
    policy: SymmetricInfoNCE.RepeatedPairs
  ) throws {
    for damage in [Float.nan, .infinity] {
      for place in 0...1 {
        var (image, text) = embeddings(17)
        if place == 0 { image[5 * Self.width] = damage } else { text[5 * Self.width] = damage }
        let trial = Trial(count: 17, repetition: .both, policy: policy, scale: 14.3)
        #expect(try !run(trial, image, text).loss.isFinite)
      }
    }
  }

  /// Unit rows, the text's near the image's.
  private func embeddings(_ count: Int) -> (image: [Float], text: [Float]) {
    var generator = SeededGenerator(seed: 6, label: "\(count) embeddings")
    func units(_ values: [Float]) -> [Float] {
      stride(from: 0, to: values.count, by: Self.width).flatMap { start in
        let row = values[start..<start + Self.width]
        let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return row.map { $0 / length }
      }
    }
    let image = generator.floats(count * Self.width)
    let noise = generator.floats(count * Self.width)
    return (units(image), units(zip(image, noise).map { $0 + 0.5 * $1 }))
  }

  private func run(_ trial: Trial, _ image: [Float], _ text: [Float]) throws -> Found {
    let plan = EncoderPlans.loss(
      model, pairs: trial.count, repeatedPairs: trial.policy, trained: model.parameters)
    let device = CPUDevice(threadCount: 2)
    let parameters = device.makeParameters(
      ParameterLayout(trained: [model.logitScale], locked: []))
    parameters.setValues([Float(log(trial.scale))], of: "logit_scale")
    let program = try device.compile(plan, parameters: parameters)
    let groups = trial.repetition.groups(trial.count)
    program.set("image", to: image)
    program.set("text", to: text)
    program.set("image_groups", to: groups.images)
    program.set("text_groups", to: groups.texts)
    for stage in 0...1 {
      program.run(stage: stage, sizes: [.pairs: trial.count], randomKey: 0)
    }
    return Found(
      loss: program.values(of: "loss")[0], image: program.values(of: "image_gradient"),
      text: program.values(of: "text_gradient"),
      logScale: parameters.gradient(of: "logit_scale")[0])
  }
}
