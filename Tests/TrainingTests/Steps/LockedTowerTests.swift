import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing

@testable import Training

/// What is locked costs nothing and changes nothing.
@Suite struct LockedTowerTests {
  static let pairs = MiniaturePairs(count: 16)
  let both = StepTrial(pairs: 16).with {
    $0.settings.imagesPerChunk = 5
    $0.settings.tokensPerChunk = 60
    $0.settings.dropout = 0.1
  }

  @Test func `a locked tower receives no gradient`() throws {
    let locked = both.with { $0.isTrained = { !$0.hasPrefix("image/") } }
    let (_, parameters, step) = try locked.prepared()
    let paths = parameters.layout.entries.map(\.parameter.path).filter { $0.hasPrefix("image/") }
    let before = paths.map { parameters.values(of: $0) }
    let outcome = StepOutcome(try step.run(Self.pairs.batch(), step: 1), parameters)
    #expect(outcome.gradients.allSatisfy { !$0.path.hasPrefix("image/") })
    #expect(paths.map { parameters.values(of: $0) } == before)
    #expect(paths.count > 30)
    #expect(step.image.plan.gradients.isEmpty)
    #expect(step.image.plan.steps.allSatisfy { $0.stage == 0 })
  }

  @Test(arguments: ["image/", "text/"])
  func `locking a tower changes no bit of the other's gradient`(prefix: String) throws {
    let all = try both.outcome(Self.pairs.batch())
    let some = try both.with { $0.isTrained = { !$0.hasPrefix(prefix) } }.outcome(
      Self.pairs.batch())
    #expect(some.loss == all.loss)
    #expect(some.gradients == all.gradients.filter { !$0.path.hasPrefix(prefix) })
  }

  @Test func `a locked tower's plan keeps no activations, so depth costs no memory`() {
    func bytes(depth: Int, isTrained: Bool) -> (image: Int, text: Int) {
      var configuration = MiniatureModel.configuration
      if case .visionTransformer(var tower) = configuration.image {
        tower.depth = depth
        configuration.image = .visionTransformer(tower)
      }
      configuration.text.depth = depth
      let model = DualEncoder(configuration)
      let trained = isTrained ? model.parameters : [model.logitScale]
      let image = EncoderPlans.image(model, imagesPerChunk: 8, trained: trained)
      let text = EncoderPlans.text(
        model, tokensPerChunk: 100, sequencesPerChunk: 8, dropout: 0.1, trained: trained)
      return (image.arenaByteCount, text.arenaByteCount)
    }
    let (shallow, deep) = (bytes(depth: 2, isTrained: false), bytes(depth: 6, isTrained: false))
    #expect(shallow == deep)
    let (few, many) = (bytes(depth: 2, isTrained: true), bytes(depth: 6, isTrained: true))
    #expect(many.image > 2 * few.image && many.text > 2 * few.text)
    #expect(2 * shallow.image < few.image && 2 * shallow.text < few.text)
  }

  @Test func `training the last block alone reaches no earlier activation`() throws {
    let last = both.with { $0.isTrained = { $0.hasPrefix("image/blocks/1/") } }
    let all = try both.outcome(Self.pairs.batch())
    let some = try last.outcome(Self.pairs.batch())
    #expect(some.gradients == all.gradients.filter { $0.path.hasPrefix("image/blocks/1/") })
    let model = both.model
    let trained = model.parameters.filter { $0.path.hasPrefix("image/blocks/1/") }
    let part = EncoderPlans.image(model, imagesPerChunk: 8, trained: trained).arenaByteCount
    let whole = EncoderPlans.image(model, imagesPerChunk: 8, trained: model.parameters)
    #expect(part < whole.arenaByteCount * 3 / 4)
  }

  @Test func `given embeddings equal encoding on the fly`() throws {
    let locked = both.with { $0.isTrained = { !$0.hasPrefix("image/") } }
    let (device, parameters, _) = try locked.prepared()
    let embedder = try Embedder(
      locked.model, on: device, parameters: parameters,
      imagesPerChunk: locked.settings.imagesPerChunk)
    let embeddings = embedder.embedImages(count: 16, Self.pairs.write)
    let given = try locked.outcome(Self.pairs.batch(embeddings: embeddings))
    let encoded = try locked.outcome(Self.pairs.batch())
    #expect(given.differences(from: encoded) == [])
  }

  @Test func `given embeddings are refused where the image tower trains`() async {
    await #expect(processExitsWith: .failure) {
      let pairs = MiniaturePairs(count: 4)
      let embeddings = [Float](repeating: 0.25, count: 4 * 16)
      _ = try StepTrial(pairs: 4).outcome(pairs.batch(embeddings: embeddings))
    }
  }

  @Test func `embeddings of another number of pictures are refused`() async {
    await #expect(processExitsWith: .failure) {
      let pairs = MiniaturePairs(count: 4)
      let embeddings = [Float](repeating: 0.25, count: 3 * 16)
      let locked = StepTrial(pairs: 4).with { $0.isTrained = { !$0.hasPrefix("image/") } }
      _ = try locked.outcome(pairs.batch(embeddings: embeddings))
    }
  }

  @Test func `the logit scale may be all that trains`() throws {
    let scale = both.with { $0.isTrained = { $0 == "logit_scale" } }
    let all = try both.outcome(Self.pairs.batch())
    let some = try scale.outcome(Self.pairs.batch())
    #expect(some.loss == all.loss)
    #expect(some.gradients.map(\.path) == ["logit_scale"])
    #expect(some["logit_scale"] == all["logit_scale"])
    #expect(some["logit_scale"]?.allSatisfy { $0 != 0 } == true)
  }

  @Test(arguments: ["image/", "text/"])
  func `one tower may be all that trains`(prefix: String) throws {
    let all = try both.outcome(Self.pairs.batch())
    let some = try both.with { $0.isTrained = { $0.hasPrefix(prefix) } }.outcome(
      Self.pairs.batch())
    #expect(some.loss == all.loss)
    #expect(some.gradients == all.gradients.filter { $0.path.hasPrefix(prefix) })
    #expect(some.gradients.count > 30)
  }
}
