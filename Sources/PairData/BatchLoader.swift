public import Tokenizers

/// Loads the batch that begins at a cursor: the next readable pairs of the epochs' orders.
///
/// A damaged pair is left out and the next pair of the order takes its place in the batch; it
/// moves no other pair in the order. The last batch of an epoch is filled up with the first pairs
/// of the next, so that every epoch has every pair once and all batches are of one size.
///
///     let loader = BatchLoader(pairs: pairs, tokenizer: tokenizer, configuration: configuration)
///     let first = try await loader.batch(from: .start)
///     let second = try await loader.batch(from: first.cursorAfter)
public struct BatchLoader: Sendable {
  public let pairs: PairSet
  public let configuration: LoaderConfiguration
  private let reader: SampleReader

  /// - Parameter knownDamage: pairs to skip without reading them, such as those that were found
  ///   damaged when a locked tower's embeddings were made.
  public init(
    pairs: PairSet, tokenizer: Tokenizer, configuration: LoaderConfiguration,
    knownDamage: [DamagedPair] = []
  ) {
    self.pairs = pairs
    self.configuration = configuration
    reader = SampleReader(
      pairs: pairs, tokenizer: tokenizer, configuration: configuration, knownDamage: knownDamage)
  }

  /// The batch from a cursor on.
  /// - Throws: `tooFewPairs` when a whole epoch fills no batch, `cancelled`, what reading shards
  ///   throws, and what `DamageLedger` does where not one pair can be read. Over all batches the
  ///   damage policy is applied by `Prefetcher`.
  public func batch(from cursor: DataCursor) async throws(PairDataError) -> PairBatch {
    let size = configuration.batchPairs
    guard pairs.count >= size else { throw .tooFewPairs(readable: pairs.count, batch: size) }
    let start = pairs.count > cursor.position ? cursor : DataCursor(epoch: cursor.epoch + 1)
    var stretch = Stretch(end: start)
    while true {
      let (isWholeEpoch, before) = (stretch.end.position == 0, stretch.samples.count)
      try await read(into: &stretch)
      if stretch.samples.count == size { break }
      if isWholeEpoch {
        throw .tooFewPairs(readable: stretch.samples.count - before, batch: size)
      }
    }
    return PairBatch(
      samples: stretch.samples, damaged: stretch.damaged, images: configuration.images,
      epoch: start.epoch, from: cursor, to: stretch.end)
  }

  /// What was read since a batch began.
  private struct Stretch {
    var samples: [PairSample] = []
    var damaged: [DamagedPair] = []
    /// The place behind it; the start of the next epoch where one has ended.
    var end: DataCursor
  }

  /// Goes on from a stretch's end until the batch is full or the epoch ends.
  private func read(into stretch: inout Stretch) async throws(PairDataError) {
    let (size, epoch) = (configuration.batchPairs, stretch.end.epoch)
    let order = order(ofEpoch: epoch)
    var ledger = DamageLedger(policy: configuration.damagePolicy, pairCount: pairs.count)
    var position = stretch.end.position
    while stretch.samples.count < size, position < pairs.count {
      let end = min(position + size - stretch.samples.count, pairs.count)
      for outcome in try await outcomes(order, position..<end, epoch: epoch) {
        switch outcome {
        case .sample(let sample): stretch.samples.append(sample)
        case .damaged(let pair): stretch.damaged.append(pair)
        }
      }
      // Where no pair is readable, that is said now, not after all of them.
      if stretch.samples.isEmpty { try ledger.record(stretch.damaged) }
      position = end
    }
    stretch.end =
      position < pairs.count
      ? DataCursor(epoch: epoch, position: position) : DataCursor(epoch: epoch + 1)
  }

  private func order(ofEpoch epoch: Int) -> ShuffleOrder {
    configuration.isShuffled
      ? ShuffleOrder(count: pairs.count, seed: configuration.seed, epoch: epoch)
      : ShuffleOrder(sequential: pairs.count)
  }

  private func outcomes(
    _ order: ShuffleOrder, _ positions: Range<Int>, epoch: Int
  ) async throws(PairDataError) -> [PairOutcome] {
    let reader = reader
    return try await ParallelMap.run(positions, taskCount: configuration.taskCount) {
      position throws(PairDataError) in
      try reader.trainingSample(pair: order[position], epoch: epoch)
    }
  }
}
