import Autodiff
import Models
import Testing

@testable import Training

/// Which parameters decay, of whole models.
@Suite struct DecayExclusionsTests {
  static let sizes: [(name: String, configuration: DualEncoder.Configuration)] = [
    ("RN50", .rn50), ("ViT-B/16", .baseP16), ("ViT-L/14", .largeP14),
    ("ViT-L/14@336", .largeP14At336), ("ViT-H/14", .hugeP14),
  ]

  /// The original's test, on the original's names.
  private func decaysInOriginal(_ name: String) -> Bool {
    !["bn", "ln", "bias", "logit_scale"].contains { name.contains($0) }
  }

  @Test(arguments: sizes.indices)
  func `the original's list says of each parameter what its test of names says`(
    size: Int
  ) throws {
    let configuration = Self.sizes[size].configuration
    let names = Dictionary(
      uniqueKeysWithValues: ChineseCLIP.entries(for: configuration).map { ($0.path, $0.key) })
    var counts = [false: 0, true: 0]
    for parameter in DualEncoder(configuration).parameters where parameter.isLearned {
      let name = try #require(names[parameter.path])
      let decays = DecayExclusions.chineseCLIP.decays(parameter)
      #expect(decays == decaysInOriginal(name), "\(parameter.path), \(name)")
      counts[decays, default: 0] += 1
    }
    #expect(counts.values.allSatisfy { $0 > 20 })
  }

  @Test func `the original decays some norms, ours does not`() throws {
    func differing(_ configuration: DualEncoder.Configuration) -> [String] {
      DualEncoder(configuration).parameters.filter {
        $0.isLearned
          && DecayExclusions.chineseCLIP.decays($0) != DecayExclusions.oneDimensional.decays($0)
      }.map(\.path)
    }
    // Twelve blocks with two norms, that of the embeddings; the class embedding has one dimension.
    #expect(differing(.baseP16).count == 12 * 2 + 1 + 1)
    #expect(differing(.baseP16).contains("text/blocks/11/mlp_norm/weight"))
    // Three blocks and the embeddings, four shortcuts.
    #expect(differing(.rn50).count == 3 * 2 + 1 + 4)
    #expect(differing(.rn50).contains("image/layers/2/0/shortcut/norm/weight"))
  }

  @Test func `a rule's own decay goes before the list`() throws {
    let encoder = DualEncoder(WholeModelGradientTests.tiny)
    func decay(_ exclusions: String, _ rule: String, of path: String) throws -> Float {
      let recipe = try RecipeExamples.decode(
        RecipeExamples.fresh, "optimizer.adamw.decay_exclusions=\(exclusions)",
        "model.train=[\"\(rule)\"]")
      let treatments = try recipe.treatments(of: encoder)
      let index = try #require(encoder.parameters.firstIndex { $0.path == path })
      return treatments[index].decay
    }
    let norm = "text/blocks/0/mlp_norm/weight"
    #expect(try decay("one_dimensional", "**: trained", of: norm) == 0)
    #expect(try decay("chinese_clip", "**: trained", of: norm) == 1)
    #expect(try decay("none", "**: trained", of: "logit_scale") == 1)
    #expect(try decay("none", "**: trained, decay 0", of: norm) == 0)
    #expect(try decay("one_dimensional", "**: trained, decay 0.5", of: norm) == 0.5)
    #expect(try decay("chinese_clip", "**: trained, decay 2", of: "logit_scale") == 2)
  }
}
