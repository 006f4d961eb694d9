import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing

@testable import Training

/// Activations that are computed again are the activations that were kept.
@Suite struct RecomputationTests {
  static let pairs = MiniaturePairs(count: 12)
  let model = DualEncoder(MiniatureModel.configuration)

  @Test(arguments: [Float(0), 0.2], [Plan.PlacementPolicy.arena, .separate])
  func `recomputed captions give the bits of kept ones`(
    dropout: Float, placement: Plan.PlacementPolicy
  ) throws {
    func plan(_ recomputation: RecomputationPolicy) -> Plan {
      EncoderPlans.text(
        model, tokensPerChunk: 200, sequencesPerChunk: 12, dropout: dropout,
        trained: model.parameters, recomputation: recomputation, placement: placement)
    }
    let tokens = TextChunks.Tokens(
      Self.pairs.captions.flatMap { $0 }, offsets: Self.pairs.offsets, rows: 0..<12)
    let kept = try gradients(plan(.none), tokens.sizes) { tokens.feed($0) }
    let recomputed = try gradients(plan(.segments), tokens.sizes) { tokens.feed($0) }
    #expect(recomputed == kept)
    #expect(kept.contains { $0.path == "text/blocks/0/attention/query/weight" })
  }

  @Test(arguments: [Plan.PlacementPolicy.arena, .separate])
  func `recomputed pictures give the bits of kept ones`(
    placement: Plan.PlacementPolicy
  ) throws {
    func plan(_ recomputation: RecomputationPolicy) -> Plan {
      EncoderPlans.image(
        model, imagesPerChunk: 12, trained: model.parameters, recomputation: recomputation,
        placement: placement)
    }
    func feed(_ program: CPUProgram) {
      program.set("pixels", to: Self.pairs.pictures.flatMap { $0 })
    }
    let kept = try gradients(plan(.none), [.images: 12], feed)
    let recomputed = try gradients(plan(.segments), [.images: 12], feed)
    #expect(recomputed == kept)
    if placement == .arena {
      #expect(plan(.segments).arenaByteCount < plan(.none).arenaByteCount)
    }
  }

  /// Embeddings first, then the gradients.
  private func gradients(
    _ plan: Plan, _ sizes: AxisSizes, _ feed: (CPUProgram) -> Void
  ) throws -> [StepOutcome.Gradient] {
    let device = CPUDevice(threadCount: 2)
    let parameters = device.makeParameters(
      ParameterLayout(trained: model.parameters, locked: []))
    MiniatureModel.setValues(of: parameters)
    let program = try device.compile(plan, parameters: parameters)
    feed(program)
    program.run(stage: 0, sizes: sizes, randomKey: 77)
    let embeddings = program.values(of: EncoderPlans.embeddings)
    var generator = SeededGenerator(seed: 4)
    program.set(EncoderPlans.upstream, to: generator.floats(embeddings.count))
    program.run(stage: 1, sizes: sizes, randomKey: 77)
    return [StepOutcome.Gradient(path: EncoderPlans.embeddings, values: embeddings)]
      + plan.gradients.map {
        StepOutcome.Gradient(path: $0.name, values: parameters.gradient(of: $0.name))
      }
  }
}
