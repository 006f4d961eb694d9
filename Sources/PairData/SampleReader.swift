internal import Tokenizers

/// Turns a pair into a sample: reads, decodes (or takes from the cache), augments, tokenizes.
///
/// What it makes of a pair depends on the pair, the seed and the epoch alone, never on the order
/// or the task in which pairs are read, nor on what the cache holds.
struct SampleReader: Sendable {
  let configuration: LoaderConfiguration
  let members: MemberReader
  let tokenizer: Tokenizer
  let cache: PixelCache
  /// Pairs found damaged before, which are not read again.
  let knownDamage: [Int: DamagedPair]

  init(
    pairs: PairSet, tokenizer: Tokenizer, configuration: LoaderConfiguration,
    knownDamage: [DamagedPair]
  ) {
    self.configuration = configuration
    self.tokenizer = tokenizer
    members = MemberReader(pairs: pairs, selector: configuration.captions)
    cache = PixelCache(byteLimit: configuration.cacheBytes)
    self.knownDamage = Dictionary(
      knownDamage.map { ($0.pair, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// A sample for training: one caption drawn, the image augmented; both for (seed, epoch, pair).
  func trainingSample(pair index: Int, epoch: Int) throws(PairDataError) -> PairOutcome {
    var random = CounterRandom(
      seed: configuration.seed, purpose: .view, epoch: epoch, pair: index)
    let view =
      configuration.viewCount > 1 ? Int.random(in: 0..<configuration.viewCount, using: &random) : 0
    return try outcome(pair: index, view: view) { captions in
      var random = CounterRandom(
        seed: configuration.seed, purpose: .caption, epoch: epoch, pair: index)
      return [Int.random(in: captions.indices, using: &random)]
    } imageOf: { preparation, image in
      var random = CounterRandom(
        seed: configuration.seed, purpose: .augmentation, epoch: epoch, pair: index)
      return preparation.augmented(image, using: &random)
    }
  }

  /// A sample for evaluation: all captions, the image as it is.
  func evaluationSample(pair index: Int) throws(PairDataError) -> PairOutcome {
    try outcome(pair: index, view: 0) {
      Array($0.indices)
    } imageOf: { preparation, image in
      preparation.plain(image)
    }
  }

  private func outcome(
    pair index: Int, view: Int, choosing: ([String]) -> [Int],
    imageOf: (ImagePreparation, DecodedImage) -> DecodedImage
  ) throws(PairDataError) -> PairOutcome {
    if let known = knownDamage[index] { return .damaged(known) }
    let pair = members.pairs[index]
    let cached = cache[index]
    switch try members.contents(of: pair, readingImage: cached == nil) {
    case .failure(let reason):
      return .damaged(damage(pair, reason))
    case .success(let contents):
      let entry: PixelCache.Entry
      do throws(DamagedPair.Reason) {
        entry = try decoded(contents, cached: cached, pair: index)
      } catch {
        return .damaged(damage(pair, error))
      }
      let chosen = choosing(contents.captions)
      let captions = chosen.map { contents.captions[$0] }
      let image = configuration.images.flatMap { preparation in
        entry.image.map { imageOf(preparation, $0) }
      }
      return .sample(
        PairSample(
          pair: pair, image: image, imageDigest: entry.digest, captions: captions,
          captionIndices: chosen, view: view, tokens: captions.map(tokens)))
    }
  }

  private func decoded(
    _ contents: MemberReader.Contents, cached: PixelCache.Entry?, pair: Int
  ) throws(DamagedPair.Reason) -> PixelCache.Entry {
    if let cached { return cached }
    let bytes = contents.image ?? []
    let entry = PixelCache.Entry(
      digest: ContentDigest(bytes), image: try configuration.images?.stored(from: bytes))
    cache.insert(entry, for: pair)
    return entry
  }

  private func tokens(_ caption: String) -> TokenizedText {
    tokenizer.encode(
      caption, contextLength: configuration.contextLength, path: configuration.textPath)
  }

  private func damage(_ pair: LocatedPair, _ reason: DamagedPair.Reason) -> DamagedPair {
    DamagedPair(
      pair: pair.index, shard: pair.shard, key: pair.key, byteOffset: pair.members.firstOffset,
      reason: reason)
  }
}
