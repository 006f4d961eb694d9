internal import PairData
internal import Tokenizers

/// A look at the pairs of a recipe before a run: which cannot be read, how long captions are.
struct DataCheck {
  /// All pairs up to this many are read, else at most as many, spread evenly.
  static let pairLimit = 4_096

  var pairCount = 0
  var readCount = 0
  var captionCount = 0
  var tokenCount = 0
  var truncatedCount = 0
  var longestTokens = 0
  var damaged: [DamagedPair] = []
  /// Members that are part of no pair.
  var ignored: IgnoredMembers

  var tokensPerText: Double { Double(tokenCount) / Double(max(1, captionCount)) }

  /// Reads pairs as training or validation would.
  init(
    _ pairs: PairSet, tokenizer: Tokenizer, configuration: LoaderConfiguration,
    progress: (Int, Int) -> Void
  ) async throws(PairDataError) {
    pairCount = pairs.count
    ignored = pairs.ignored
    var configuration = configuration
    configuration.batchPairs = 64
    configuration.damagePolicy = DamagedPairPolicy(limit: 1)
    var walk = EvaluationPairs(
      pairs: pairs, tokenizer: tokenizer, configuration: configuration,
      interval: DataCheck.interval(pairCount: pairs.count))
    while let batch = try await walk.next() {
      readCount += batch.pairIndices.count + batch.damaged.count
      damaged += batch.damaged
      let lengths = batch.tokens.texts.map(\.count)
      captionCount += lengths.count
      tokenCount += lengths.reduce(0, +)
      longestTokens = max(longestTokens, lengths.max() ?? 0)
      truncatedCount += batch.tokens.truncatedCount
      progress(readCount, walk.pairCount)
    }
  }

  /// From one pair that is read to the next.
  static func interval(pairCount: Int) -> Int { max(1, (pairCount + pairLimit - 1) / pairLimit) }

  /// - Throws: `tooManyDamagedPairs` where more of the pairs that were read are damaged.
  func requireReadable(limit: Double) throws(PairDataError) {
    var ledger = DamageLedger(policy: DamagedPairPolicy(limit: limit), pairCount: readCount)
    try ledger.record(damaged, besides: readCount - damaged.count)
  }

  /// - Throws: `tooFewPairs` where those that are not known to be damaged do not fill a batch.
  func requireBatch(of batchPairs: Int) throws(PairDataError) {
    let readable = pairCount - damaged.count
    guard readable >= batchPairs else {
      throw .tooFewPairs(readable: readable, batch: batchPairs)
    }
  }
}
