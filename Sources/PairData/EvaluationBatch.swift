/// Pairs of a set in their own order with all their captions, for retrieval and for embedding.
public struct EvaluationBatch: Sendable {
  /// The pairs' numbers in their set: [images].
  public let pairIndices: [Int]
  public let keys: [String]
  /// The path of each pair's shard.
  public let shards: [String]
  /// Empty where images are not wanted.
  public let images: PixelBatch
  /// The row of this batch's first image among all readable ones.
  public let firstImage: Int
  /// All captions of these pairs, those of one pair together: [texts].
  public let captions: [String]
  public let tokens: PackedTokens
  /// The row, among all readable images of the set, of each text's partner: [texts].
  public let partners: [Int]
  /// Pairs that were skipped; neither their image nor their captions take part.
  public let damaged: [DamagedPair]

  init(
    outcomes: [PairOutcome], images: ImagePreparation?, firstImage: Int
  ) {
    var (samples, damaged) = ([PairSample](), [DamagedPair]())
    for outcome in outcomes {
      switch outcome {
      case .sample(let sample): samples.append(sample)
      case .damaged(let pair): damaged.append(pair)
      }
    }
    pairIndices = samples.map(\.pair.index)
    keys = samples.map(\.pair.key)
    shards = samples.map(\.pair.shard)
    self.images = PixelBatch(images: samples.compactMap(\.image), preparation: images)
    self.firstImage = firstImage
    captions = samples.flatMap(\.captions)
    tokens = PackedTokens(samples.flatMap(\.tokens))
    partners = samples.enumerated().flatMap { row, sample in
      repeatElement(firstImage + row, count: sample.captions.count)
    }
    self.damaged = damaged
  }
}
