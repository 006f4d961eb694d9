/// The sizes that a model may have: what a recipe can ask for, a checkpoint can be read with.
enum ModelRanges {
  /// The picture's pixels a side.
  static let imageSize = 1...4_096
  static let patch = 1...512
  /// Channels of a tower, or of the space that both share.
  static let width = 1...16_384
  /// Blocks of a tower, or of one layer of a residual network.
  static let depth = 1...256
  /// Channels of a residual network's stem, whose last layer has 32 times as many.
  static let stemWidth = 1...1_024
  static let headWidth = 1...1_024
  /// Up to four times the largest width, which is what stands in for a width that is left out.
  static let mlpWidth = 1...65_536
  static let positions = 3...65_536
  /// A caption has a token besides the two special ones.
  static let contextLength = 3...65_536
  static let vocabulary = 1...4_000_000
  static let tokenTypes = 1...64
  /// Dimensions of a linear layer's update.
  static let lowRank = 1...1_024
}
