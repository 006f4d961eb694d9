/// Which linear layers of a model learn beside their weight, in how many dimensions.
///
/// Hu et al. 2021, arXiv:2106.09685, section 4.1.
public struct LowRankUpdates: Hashable, Sendable {
  /// The dimensions of each update.
  public let rank: Int
  /// Updates are multiplied by `alpha / rank`, so that another rank asks for no other rate.
  public let alpha: Float
  /// Paths of linear layers, such as `text/blocks/0/attention/query`.
  public let layers: [String]

  public init(rank: Int, alpha: Float, layers: [String]) {
    self.rank = rank
    self.alpha = alpha
    self.layers = layers
  }

  public var scale: Float { alpha / Float(rank) }

  /// The layer whose weight lies at a path, where that layer has an update.
  public func layer(ofWeight path: String) -> String? {
    guard path.hasSuffix("/weight") else { return nil }
    let layer = String(path.dropLast("/weight".count))
    return layers.contains(layer) ? layer : nil
  }

  /// Adds an update to the weight of its layer, which then is all that the layer needs.
  ///
  ///     W = W + (alpha / rank) B A
  ///
  /// - Parameters:
  ///   - weight: [outputs, inputs].
  ///   - down: A, [rank, inputs].
  ///   - up: B, [outputs, rank].
  public func merge(
    down: [Float], up: [Float], into weight: UnsafeMutableBufferPointer<Float>
  ) {
    let (inputs, outputs) = (down.count / rank, up.count / rank)
    precondition(weight.count == outputs * inputs, "The update belongs to another weight.")
    var row = [Double](repeating: 0, count: inputs)
    for output in 0..<outputs {
      for input in 0..<inputs { row[input] = 0 }
      for dimension in 0..<rank {
        let factor = Double(up[output * rank + dimension])
        for input in 0..<inputs { row[input] += factor * Double(down[dimension * inputs + input]) }
      }
      for input in 0..<inputs {
        let place = output * inputs + input
        weight[place] = Float(Double(weight[place]) + Double(scale) * row[input])
      }
    }
  }
}
