import Autodiff
import Models
import Testing

@testable import Training

/// How the learning rate shrinks towards the input of a tower.
@Suite struct LayerRatesTests {
  private func rates(
    _ encoder: DualEncoder, decay: String, rule: String = "**: trained"
  ) throws -> [String: Float] {
    let recipe = try RecipeExamples.decode(
      RecipeExamples.fresh, "optimizer.layer_rate_decay=\(decay)", "model.train=[\"\(rule)\"]")
    let treatments = try recipe.treatments(of: encoder)
    return Dictionary(
      uniqueKeysWithValues: zip(encoder.parameters.map(\.path), treatments.map(\.rate)))
  }

  @Test func `a transformer's layers are its embeddings, its blocks and what is behind them`()
    throws
  {
    let configuration = DualEncoder.Configuration(
      image: .init(imageSize: 8, patchSize: 4, width: 8, depth: 2, headWidth: 4),
      text: .init(vocabularyCount: 9, width: 8, depth: 3, headWidth: 4, positionCount: 4),
      embeddingWidth: 4)
    let rates = try rates(DualEncoder(configuration), decay: "0.5")
    let expected: [String: Float] = [
      "image/patch_embedding/weight": 0.125, "image/class_embedding": 0.125,
      "image/positions": 0.125, "image/pre_norm/bias": 0.125,
      "image/blocks/0/mlp/output/weight": 0.25, "image/blocks/1/attention_norm/weight": 0.5,
      "image/post_norm/weight": 1, "image/projection/weight": 1,
      "text/embeddings/words": 0.0625, "text/embeddings/token_types": 0.0625,
      "text/embeddings/norm/weight": 0.0625, "text/blocks/0/attention/key/bias": 0.125,
      "text/blocks/1/mlp_norm/weight": 0.25, "text/blocks/2/mlp/hidden/weight": 0.5,
      "text/projection/weight": 1, "logit_scale": 1,
    ]
    for (path, rate) in expected { #expect(rates[path] == rate, "\(path)") }
    #expect(Set(rates.values) == [0.0625, 0.125, 0.25, 0.5, 1])
  }

  @Test func `a residual network's layers are its stem, its four layers and its pool`() throws {
    let rates = try rates(DualEncoder(.rn50), decay: "0.5")
    let expected: [String: Float] = [
      "image/stem/0/weight": 0.03125, "image/stem/2/norm/bias": 0.03125,
      "image/layers/0/0/shortcut/weight": 0.0625, "image/layers/1/3/expansion/weight": 0.125,
      "image/layers/2/5/reduction/norm/weight": 0.25, "image/layers/3/2/convolution/weight": 0.5,
      "image/pool/positions": 1, "image/pool/output/weight": 1,
    ]
    for (path, rate) in expected { #expect(rates[path] == rate, "\(path)") }
    // What nothing trains has no rate.
    #expect(rates["image/stem/0/norm/running_mean"] == 0)
  }

  @Test func `a rule's rate multiplies with the layer's, and 1 changes nothing`() throws {
    let encoder = DualEncoder(WholeModelGradientTests.tiny)
    let halved = try rates(encoder, decay: "0.75", rule: "**: trained, rate 0.5")
    #expect(halved["image/positions"] == Float(0.28125))
    #expect(halved["logit_scale"] == 0.5)
    #expect(try rates(encoder, decay: "1").values.allSatisfy { $0 == 1 })
  }

  @Test(arguments: ["0", "1.01", "-0.5"])
  func `a share that is none is refused`(decay: String) throws {
    let error = try RecipeExamples.error(
      RecipeExamples.fresh, "optimizer.layer_rate_decay=\(decay)")
    #expect(error.description.contains("`optimizer.layer_rate_decay` is"))
  }
}
