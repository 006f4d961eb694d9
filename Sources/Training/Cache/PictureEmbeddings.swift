internal import PairData

/// What an image tower makes of all pictures of a pair set, by the pairs' numbers.
struct PictureEmbeddings {
  let width: Int
  /// [pairs, width]; rows of pictures that cannot be read are 0 and never asked for.
  private(set) var values: [Float] = []
  /// Pairs whose pictures cannot be read; captions are not looked at.
  private(set) var damaged: [DamagedPair] = []

  init(width: Int, pairCount: Int) {
    self.width = width
    values.reserveCapacity(pairCount * width)
  }

  /// Takes the rows of the next pairs.
  mutating func append(_ block: EmbeddingBlock) { values += block.values }

  mutating func append(_ pair: DamagedPair) { damaged.append(pair) }

  /// - Returns: [pairs.count, width].
  func rows(_ pairs: [Int]) -> [Float] {
    var rows: [Float] = []
    rows.reserveCapacity(pairs.count * width)
    for pair in pairs { rows += values[pair * width..<(pair + 1) * width] }
    return rows
  }
}
