internal import Models

extension Recipe {
  /// Low-rank updates beside the weights of chosen linear layers.
  public struct LoRA: Sendable, Equatable {
    public let rank: Int
    public let alpha: Float
    public let layers: [ParameterPattern]
  }
}

extension Recipe.LoRA {
  /// The updates of a model's layers, in the model's order.
  ///
  /// - Throws: `patternWithoutLayer` for a pattern that matches none.
  func updates(of model: DualEncoder) throws(RecipeError) -> LowRankUpdates {
    let all = model.linearLayers
    for pattern in layers where !all.contains(where: pattern.matches) {
      throw .patternWithoutLayer(
        pattern: pattern.text, nearest: Self.nearest(to: pattern.text, among: all))
    }
    return LowRankUpdates(
      rank: rank, alpha: alpha,
      layers: all.filter { layer in layers.contains { $0.matches(layer) } })
  }

  /// Up to three layers that a pattern may have been meant for, blocks told apart no further.
  private static func nearest(to pattern: String, among layers: [String]) -> [String] {
    var kinds: [String] = []
    for layer in layers {
      let parts = layer.split(separator: "/")
      let kind = parts.map { Int($0) == nil ? String($0) : "*" }.joined(separator: "/")
      if !kinds.contains(kind) { kinds.append(kind) }
    }
    let distances = kinds.map {
      RecipeSchema.editDistance(Array(pattern.utf8), Array($0.utf8))
    }
    // Equally near ones stay in the model's order.
    return zip(distances, kinds.indices).sorted { $0 < $1 }.prefix(3).map { kinds[$0.1] }
  }
}
