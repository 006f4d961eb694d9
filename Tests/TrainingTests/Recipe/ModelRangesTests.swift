import Testing

@testable import Models
@testable import PairData
@testable import Training

/// What a recipe can ask for, a checkpoint's description can be read with.
struct ModelRangesTests {
  /// Sizes beside which each one may be the smallest or the largest by itself.
  private static let companions = [
    "model.configuration.image={size: 4096, patch: 1, width: 16384, depth: 2, head_width: 1}",
    "model.configuration.text={width: 16384, depth: 2, head_width: 1, maximum_positions: 65536}",
    "batch.tokens_per_chunk=1048576", "data.context_length=3",
  ]

  /// Every size of the schema, at both ends of its range.
  static var extremes: [String] {
    RecipeSchema.keys.flatMap { key -> [String] in
      guard key.path.hasPrefix("model.configuration.") || key.path == "data.context_length",
        case .integer(let range) = key.type
      else { return [] }
      return ["\(key.path)=\(range.lowerBound)", "\(key.path)=\(range.upperBound)"]
    }
  }

  @Test(arguments: extremes)
  func `every extreme of the schema reads back from a checkpoint`(extreme: String) throws {
    try expectSameAfterReading([extreme])
  }

  private func expectSameAfterReading(_ overrides: [String]) throws {
    let recipe = try RecipeDecoder.decode(
      text: RecipeExamples.fresh, file: "/project/recipes/a.yaml",
      overrides: Self.companions + overrides)
    guard case .fresh(let fresh) = recipe.model.source else {
      Issue.record("\(recipe.model.source)")
      return
    }
    let description = ModelDescription(
      configuration: ModelSource.configuration(fresh, vocabularyCount: 4_000_000),
      contextLength: recipe.data.contextLength, decoding: ImageDecodingOptions(),
      normalization: .clip, captions: .automatic)
    let read = try ModelDescription(
      configuration: description.configurationText,
      preprocessing: description.preprocessingText, file: "a.h5")
    #expect(read == description)
  }

  @Test(arguments: [ModelRanges.depth.lowerBound, ModelRanges.depth.upperBound])
  func `the extremes of a residual network read back`(blocks: Int) throws {
    let layers = [Int](repeating: blocks, count: 4)
    let widest = ModelRanges.stemWidth.upperBound
    try expectSameAfterReading([
      "model.configuration.image={size: 4096, layers: \(layers), width: \(widest), head_width: 1}"
    ])
  }

  @Test func `all sizes of a model are among them`() {
    #expect(Self.extremes.count == 24)
  }
}
