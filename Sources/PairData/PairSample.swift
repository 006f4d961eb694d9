internal import Tokenizers

/// One readable pair, ready to enter a batch.
struct PairSample: Sendable {
  let pair: LocatedPair
  /// Nil where images are not wanted.
  let image: DecodedImage?
  let imageDigest: ContentDigest
  /// In training the one that was drawn, in evaluation all.
  let captions: [String]
  /// Their places among the pair's captions.
  let captionIndices: [Int]
  /// The view that was drawn, from 0.
  let view: Int
  let tokens: [TokenizedText]
}

/// What became of one pair: a sample, or damage.
enum PairOutcome: Sendable {
  case sample(PairSample)
  case damaged(DamagedPair)
}
