import Autodiff
import CPUDevice
import Foundation
import Models
import TestSupport
import Testing

@testable import Training

/// A teacher's share of the loss and of its gradients.
@Suite struct DistillationTests {
  static let pairs = MiniaturePairs(count: 24)

  private func trial(pairs count: Int) -> StepTrial {
    StepTrial(pairs: count).with {
      $0.hasTeacher = true
      $0.settings.distillation = MiniatureTeacher.distillation
    }
  }

  /// The mean over rows of 1 - cosine, the student's rows interpolated, from the formula.
  private func plainDistance(student: [Float], teacher: [Double], count: Int) -> Double {
    var sum = 0.0
    for row in 0..<count {
      let narrow = student[row * 16..<(row + 1) * 16].map(Double.init)
      let target = Array(teacher[row * 24..<(row + 1) * 24])
      let wide = (0..<24).map { place in
        let u = max(0, (Double(place) + 0.5) * 16 / 24 - 0.5)
        let i = Int(u)
        return (1 - (u - Double(i))) * narrow[i] + (u - Double(i)) * narrow[min(i + 1, 15)]
      }
      func product(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
      }
      sum += product(wide, target) / (product(wide, wide) * product(target, target)).squareRoot()
    }
    return 1 - sum / Double(count)
  }

  /// A batch of two is where the original takes a tensor of two rows for a pair of results.
  @Test(arguments: [(2, 1), (2, 2), (3, 1), (24, 5), (24, 24)])
  func `the loss is the formula's over all pairs of the batch, once`(
    count: Int, imagesPerChunk: Int
  ) throws {
    let pairs = Self.pairs[Array(0..<count)]
    let trial = trial(pairs: count).with { $0.settings.imagesPerChunk = imagesPerChunk }
    let (device, parameters, step) = try trial.prepared()
    let embedder = try Embedder(trial.model, on: device, parameters: parameters)
    let student = embedder.embedImages(count: count, pairs.write)
    let texts = embedder.embedTexts(pairs.captions)
    let distance = plainDistance(
      student: student, teacher: MiniatureTeacher.plainFeatures(of: pairs), count: count)
    let scale = exp(Double(parameters.values(of: "logit_scale")[0]))
    let contrastive = PlainContrastiveLoss(
      image: student, text: texts, width: 16, scale: scale, imageGroups: pairs.imageGroups,
      textGroups: pairs.textGroups, repeatedPairs: .masked)
    let result = try step.run(pairs.batch(), step: 1)
    #expect(abs(Double(try #require(result.distillationLoss)) - distance) < 2e-6)
    #expect(abs(Double(result.loss) - contrastive.loss - 0.7 * distance) < 2e-5)
    #expect(distance > 0.1)
  }

  @Test(arguments: [(2, 1), (24, 5)])
  func `chunked gradients are those of the whole batch in Double`(
    count: Int, imagesPerChunk: Int
  ) throws {
    let pairs = Self.pairs[Array(0..<count)]
    let outcome = try trial(pairs: count).with {
      $0.settings.imagesPerChunk = imagesPerChunk
      $0.settings.tokensPerChunk = 40
      $0.settings.memoryBudgetBytes = 0
    }.outcome(pairs.batch())
    let reference = try ReferenceStep(
      DualEncoder(MiniatureModel.configuration), pairs: pairs,
      teaching: .init(
        distillation: MiniatureTeacher.distillation,
        teacherFeatures: try MiniatureTeacher.features(of: pairs)))
    let loss = reference.run()
    #expect(abs(Double(outcome.loss) - loss) < 1e-5 * loss)
    #expect(reference.complaints(about: outcome) == [])
  }

  @Test func `the teacher moves the image tower and nothing else`() throws {
    let taught = try trial(pairs: 24).outcome(Self.pairs.batch())
    let alone = try StepTrial(pairs: 24).outcome(Self.pairs.batch())
    #expect(alone.distillationLoss == nil)
    for (with, without) in zip(taught.gradients, alone.gradients) {
      let isMoved = with.path.hasPrefix("image/")
      // A key's bias is seen by no softmax: its gradient is rounding.
      if with.path.hasSuffix("key/bias") { continue }
      #expect((with != without) == isMoved, "\(with.path)")
    }
  }

  @Test func `budget, threads and repetition change no bit`() throws {
    let trial = trial(pairs: 24).with {
      $0.settings.imagesPerChunk = 5
      $0.settings.keptPatches = KeptPatches(9, of: 16)
    }
    let first = try trial.outcome(Self.pairs.batch())
    for other in [
      trial, trial.with { $0.settings.memoryBudgetBytes = 0 }, trial.with { $0.threadCount = 3 },
    ] {
      #expect(try other.outcome(Self.pairs.batch()).differences(from: first) == [])
    }
  }

  @Test func `features that are given equal those computed in the step`() throws {
    let trial = trial(pairs: 24).with { $0.settings.imagesPerChunk = 5 }
    let computed = try trial.outcome(Self.pairs.batch())
    func given(_ imagesPerChunk: Int) throws -> StepOutcome {
      let features = try MiniatureTeacher.features(of: Self.pairs, imagesPerChunk: imagesPerChunk)
      return try trial.with { $0.hasTeacher = false }.outcome(
        Self.pairs.batch(teacherFeatures: features))
    }
    #expect(try given(4).differences(from: computed) == [])
    // Chunks of another size are other products.
    #expect(try given(24).complaints(comparedWith: computed, .reordered) == [])
  }

  @Test func `permuting a batch leaves loss and gradients`() throws {
    let trial = trial(pairs: 24).with { $0.settings.imagesPerChunk = 5 }
    var generator = SeededGenerator(seed: 2)
    let order = Array(0..<24).shuffled(using: &generator)
    let complaints = try trial.outcome(Self.pairs[order].batch()).complaints(
      comparedWith: trial.outcome(Self.pairs.batch()), .reordered)
    #expect(complaints == [])
    // Rows of one picture's teacher under another's student would show.
    let features = try MiniatureTeacher.features(of: Self.pairs[order])
    let mixed = try trial.outcome(Self.pairs.batch(teacherFeatures: features))
    #expect(abs(mixed.loss - (try trial.outcome(Self.pairs.batch()).loss)) > 1e-3)
  }

  @Test func `a student that is its teacher has no distance`() throws {
    let (device, parameters, _) = try StepTrial(pairs: 24).prepared()
    let own = try ImageEmbedder(
      DualEncoder(MiniatureModel.configuration), .features, on: device, parameters: parameters,
      imagesPerChunk: 5)
    let features = own.embed(count: 24, Self.pairs.write)
    let trial = StepTrial(pairs: 24).with {
      $0.settings.distillation = Distillation(weight: 2, teacherWidth: 16)
    }
    let outcome = try trial.outcome(Self.pairs.batch(teacherFeatures: features))
    let alone = try StepTrial(pairs: 24).outcome(Self.pairs.batch())
    #expect(abs(try #require(outcome.distillationLoss)) < 1e-6)
    #expect(outcome.complaints(comparedWith: alone, .reordered) == [])
  }

  @Test func `features of another number of pictures are refused`() async {
    await #expect(processExitsWith: .failure) {
      let pairs = MiniaturePairs(count: 4)
      let trial = StepTrial(pairs: 4).with {
        $0.settings.distillation = MiniatureTeacher.distillation
      }
      _ = try trial.outcome(
        pairs.batch(teacherFeatures: [Float](repeating: 0.25, count: 3 * 24)))
    }
  }
}
