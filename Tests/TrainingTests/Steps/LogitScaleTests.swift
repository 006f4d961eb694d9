import Autodiff
import CPUDevice
import Foundation
import Models
import TestSupport
import Testing

@testable import Training

@Suite struct LogitScaleTests {
  static let pairs = MiniaturePairs(count: 24)

  /// Chinese-CLIP's accumulation adds the whole gradient once for each of its parts.
  @Test(arguments: [24, 12, 5, 1])
  func `its gradient is counted once, however many chunks there are`(
    imagesPerChunk: Int
  ) throws {
    let trial = StepTrial(pairs: 24).with {
      $0.settings.imagesPerChunk = imagesPerChunk
      $0.settings.tokensPerChunk = 16 * imagesPerChunk
    }
    let (device, parameters, _) = try trial.prepared()
    let embedder = try Embedder(trial.model, on: device, parameters: parameters)
    let logarithm = Double(parameters.values(of: "logit_scale")[0])
    let expected = PlainContrastiveLoss(
      image: embedder.embedImages(count: 24, Self.pairs.write),
      text: embedder.embedTexts(Self.pairs.captions), width: 16, scale: exp(logarithm),
      imageGroups: Self.pairs.imageGroups, textGroups: Self.pairs.textGroups,
      repeatedPairs: .masked)
    let outcome = try trial.outcome(Self.pairs.batch())
    let found = Double(try #require(outcome["logit_scale"])[0])
    let gradient = expected.scaleGradient * exp(logarithm)
    #expect(abs(gradient) > 0.01)
    #expect(abs(found - gradient) < 1e-4 * abs(gradient))
    #expect(abs(Double(outcome.logitScale) - exp(logarithm)) < 1e-5 * exp(logarithm))
    #expect(abs(Double(outcome.loss) - expected.loss) < 1e-5)
  }

  private func limited(_ value: Float, maximum: Float, isTrained: Bool = true) -> Float {
    let scale = DualEncoder(MiniatureModel.configuration).logitScale
    let parameters = CPUDevice(threadCount: 1).makeParameters(
      ParameterLayout(trained: isTrained ? [scale] : [], locked: isTrained ? [] : [scale]))
    parameters.setValues([value], of: "logit_scale")
    LogitScaleLimit(maximum: maximum).apply(to: parameters, of: scale)
    return parameters.values(of: "logit_scale")[0]
  }

  @Test func `the multiplier stays between 1 and its maximum`() {
    #expect(limited(5, maximum: 100) == log(100))
    #expect(abs(exp(limited(5, maximum: 100)) - 100) < 1e-4)
    #expect(limited(.infinity, maximum: 100) == log(100))
    #expect(limited(-0.5, maximum: 100) == 0)
    #expect(limited(2, maximum: 1) == 0)
    for inside in [0, 1.5, log(100)] as [Float] {
      #expect(limited(inside, maximum: 100) == inside)
    }
  }

  @Test func `a locked scale and a number that is not one are left alone`() {
    #expect(limited(5, maximum: 100, isTrained: false) == 5)
    #expect(limited(.nan, maximum: 100).isNaN)
  }

  @Test func `a scale at its maximum is cut after the update, not in the gradient`() throws {
    let trial = StepTrial(pairs: 24)
    let (device, parameters, step) = try trial.prepared()
    let scale = trial.model.logitScale
    let offset = try #require(parameters.layout["logit_scale"]).offset
    let optimizer = AdamWUpdate(
      parameters, device: device,
      hyperparameters: .init(firstBeta: 0.9, secondBeta: 0.98, epsilon: 1e-6),
      groups: [.init(range: offset..<offset + 1, rateFactor: 1, weightDecay: 0)])
    let limit = LogitScaleLimit(maximum: 2)
    parameters.setValues([log(2)], of: "logit_scale")
    _ = try step.run(Self.pairs.batch(), step: 1)
    let gradient = parameters.gradient(of: "logit_scale")[0]
    #expect(gradient != 0)
    // Push up first, whatever the batch says, then pull back down.
    for (sign, expectation) in [(Float(-1), true), (1, false), (1, false)] {
      parameters.gradients[offset] = sign
      optimizer.apply(updateCount: 1, learningRate: 0.1, gradientScale: 1)
      limit.apply(to: parameters, of: scale)
      let value = parameters.values(of: "logit_scale")[0]
      #expect((value == log(2)) == expectation)
    }
  }
}
