public import Tokenizers

/// Walks all pairs of a set once, in order, with all captions and images as they are.
///
/// The batch after the one handed out is already loading. The seed, the order and the augmentation
/// of the configuration play no part; its `batchPairs` are the pairs looked at for a batch, so
/// that damaged ones make a batch smaller.
///
///     var walk = EvaluationPairs(pairs: pairs, tokenizer: tokenizer, configuration: settings)
///     while let batch = try await walk.next() { … batch.images, batch.tokens, batch.partners … }
public struct EvaluationPairs: Sendable {
  private let reader: SampleReader
  private let configuration: LoaderConfiguration
  /// How many pairs are visited, damaged ones included.
  public let pairCount: Int
  /// Pairs from one visited to the next.
  private let interval: Int
  private var position = 0
  private var imageCount = 0
  private var ledger: DamageLedger
  private var pending: Task<Result<[PairOutcome], PairDataError>, Never>?

  /// - Parameter interval: 1 for all pairs; more for a sample of them, spread evenly.
  public init(
    pairs: PairSet, tokenizer: Tokenizer, configuration: LoaderConfiguration,
    knownDamage: [DamagedPair] = [], interval: Int = 1
  ) {
    precondition(interval > 0, "every \(interval)th pair")
    var configuration = configuration
    // Every pair is met once, so that keeping images would only take memory.
    configuration.cacheBytes = 0
    self.configuration = configuration
    self.interval = interval
    pairCount = (pairs.count + interval - 1) / interval
    reader = SampleReader(
      pairs: pairs, tokenizer: tokenizer, configuration: configuration, knownDamage: knownDamage)
    ledger = DamageLedger(policy: configuration.damagePolicy, pairCount: pairs.count)
  }

  /// The next batch, or nil when all pairs were seen.
  /// - Throws: `tooManyDamagedPairs`, `cancelled`, and what reading shards throws.
  public mutating func next() async throws(PairDataError) -> EvaluationBatch? {
    guard position < pairCount else { return nil }
    let current = pending ?? load(from: position)
    position = min(position + configuration.batchPairs, pairCount)
    pending = position < pairCount ? load(from: position) : nil
    let following = pending
    let result = await withTaskCancellationHandler {
      await current.value
    } onCancel: {
      current.cancel()
      following?.cancel()
    }
    let batch = EvaluationBatch(
      outcomes: try result.get(), images: configuration.images, firstImage: imageCount)
    try ledger.record(batch.damaged, besides: batch.pairIndices.count)
    imageCount += batch.pairIndices.count
    return batch
  }

  /// The damaged pairs met so far.
  public var damaged: [DamagedPair] { ledger.pairs }

  private func load(from start: Int) -> Task<Result<[PairOutcome], PairDataError>, Never> {
    let range = start..<min(start + configuration.batchPairs, pairCount)
    let (reader, taskCount, interval) = (reader, configuration.taskCount, interval)
    return Task {
      do throws(PairDataError) {
        return .success(
          try await ParallelMap.run(range, taskCount: taskCount) { index throws(PairDataError) in
            try reader.evaluationSample(pair: index * interval)
          })
      } catch {
        return .failure(error)
      }
    }
  }
}
