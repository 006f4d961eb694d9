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

  /// One view of each pair's picture.
  ///
  /// - Parameter choice: the view's place in the tables for each pair.
  /// - Returns: [pairs.count, width].
  static func rows(_ pairs: [Int], of views: [PictureEmbeddings], _ choice: [Int]) -> [Float] {
    guard views.count > 1 else { return views.first?.rows(pairs) ?? [] }
    return zip(pairs, choice).flatMap { pair, view in views[view].rows([pair]) }
  }
}
