import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing

@testable import Training

/// Linear layers that learn beside their weights.
@Suite struct LowRankUpdateTests {
  static let layers = [
    "image/blocks/1/mlp/output", "image/projection", "text/blocks/0/attention/query",
    "text/blocks/0/attention/value", "text/blocks/1/mlp/hidden",
  ]

  static var configuration: DualEncoder.Configuration {
    var configuration = MiniatureModel.configuration
    configuration.lowRankUpdates = LowRankUpdates(rank: 3, alpha: 6, layers: layers)
    return configuration
  }

  @Test func `an update's two matrices lie beside the weight`() throws {
    let model = DualEncoder(Self.configuration)
    let added = model.parameters.filter(\.isLowRankUpdate)
    #expect(added.count == 2 * Self.layers.count)
    let paths = model.parameters.map(\.path)
    let bias = try #require(paths.firstIndex(of: "text/blocks/1/mlp/hidden/bias"))
    #expect(paths[bias + 1] == "text/blocks/1/mlp/hidden/lora_a")
    #expect(paths[bias + 2] == "text/blocks/1/mlp/hidden/lora_b")
    let (down, up) = (model.parameters[bias + 1], model.parameters[bias + 2])
    #expect(down.sizes == [3, 32] && up.sizes == [64, 3])
    // Kaiming's bound with a = sqrt(5), as PyTorch starts its linear layers.
    #expect(down.initializer == .uniform(bound: 1 / Float(32).squareRoot()))
    #expect(up.initializer == .zeros)
    #expect(DualEncoder(MiniatureModel.configuration).parameters.allSatisfy { !$0.isLowRankUpdate })
  }

  @Test func `linear layers are what two axes map`() {
    let layers = DualEncoder(MiniatureModel.configuration).linearLayers
    // Attention's four and the MLP's two in each of four blocks, two projections.
    #expect(layers.count == 4 * 6 + 2)
    #expect(layers.first == "image/blocks/0/attention/query" && layers.last == "text/projection")
    #expect(DualEncoder(.rn50).linearLayers.filter { $0.hasPrefix("image/") }.count == 4)
  }

  /// Unit embeddings of a few pictures and captions.
  private func embeddings(
    _ configuration: DualEncoder.Configuration, setValues: (CPUParameters) -> Void
  ) throws -> (image: [Float], text: [Float]) {
    let device = CPUDevice(threadCount: 2)
    let model = DualEncoder(configuration)
    let parameters = device.makeParameters(
      ParameterLayout(trained: [], locked: model.parameters))
    setValues(parameters)
    let embedder = try Embedder(model, on: device, parameters: parameters)
    let pairs = MiniaturePairs(count: 6)
    return (
      embedder.embedImages(count: 6, pairs.write), embedder.embedTexts(pairs.captions)
    )
  }

  @Test func `an update that starts changes nothing, a trained one does`() throws {
    let plain = try embeddings(MiniatureModel.configuration) { $0.initialize(seed: 4) }
    let started = try embeddings(Self.configuration) { $0.initialize(seed: 4) }
    #expect(started.image == plain.image && started.text == plain.text)
    let trained = try embeddings(Self.configuration) { parameters in
      parameters.initialize(seed: 4)
      parameters.storage(of: "image/projection/lora_b").update(repeating: 0.1)
    }
    #expect(trained.image != plain.image && trained.text == plain.text)
  }

  @Test func `merged into its weight an update gives the same embeddings`() throws {
    var updated: CPUParameters?
    let separate = try embeddings(Self.configuration) { parameters in
      MiniatureModel.setValues(of: parameters)
      updated = parameters
    }
    let source = try #require(updated)
    let updates = try #require(Self.configuration.lowRankUpdates)
    let merged = try embeddings(MiniatureModel.configuration) { parameters in
      for entry in parameters.layout.entries {
        let path = entry.parameter.path
        parameters.setValues(source.values(of: path), of: path)
        guard let layer = updates.layer(ofWeight: path) else { continue }
        let parts = updates.paths(ofLayer: layer)
        updates.merge(
          down: source.values(of: parts.down), up: source.values(of: parts.up),
          into: parameters.storage(of: path))
      }
    }
    let unmerged = try embeddings(MiniatureModel.configuration) { parameters in
      for entry in parameters.layout.entries {
        parameters.setValues(source.values(of: entry.parameter.path), of: entry.parameter.path)
      }
    }
    func distance(_ left: [Float], _ right: [Float]) -> Float {
      zip(left, right).map { abs($0 - $1) }.max() ?? 0
    }
    let worst = max(
      distance(separate.image, merged.image), distance(separate.text, merged.text))
    TestReport.show("merged low-rank updates: largest difference of an embedding \(worst)")
    #expect(worst < 1e-5)
    #expect(distance(separate.image, unmerged.image) > 1e-2)
    #expect(distance(separate.text, unmerged.text) > 1e-2)
  }

  @Test func `with everything else locked only updates have gradients, the same ones`() throws {
    let pairs = MiniaturePairs(count: 8)
    let all = StepTrial(pairs: 8).with {
      $0.configuration = Self.configuration
      $0.settings.dropout = 0.1
    }
    let some = all.with { $0.isTrained = { $0.hasSuffix("/lora_a") || $0.hasSuffix("/lora_b") } }
    let (whole, part) = (try all.outcome(pairs.batch()), try some.outcome(pairs.batch()))
    #expect(part.loss == whole.loss)
    #expect(part.gradients.count == 2 * Self.layers.count)
    #expect(
      part.gradients == whole.gradients.filter { part[$0.path] != nil })
    #expect(part.gradients.allSatisfy { $0.values.contains { $0 != 0 } })
    let (_, _, step) = try some.prepared()
    let (_, _, complete) = try all.prepared()
    #expect(step.text.plan.steps.count < complete.text.plan.steps.count)
  }
}
