public import Tokenizers

/// Loads the batch that begins at a cursor: the next readable pairs of the epoch's order.
///
/// A damaged pair is left out and the next pair of the order takes its place in the batch; it
/// moves no other pair in the order. What is left at the end of an epoch and does not fill a
/// batch is dropped, and the batch comes from the next epoch, as others' `drop_last` does.
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
    let rest = try await readable(from: cursor)
    if rest.samples.count == configuration.batchPairs {
      return batch(rest, from: cursor, damaged: rest.damaged)
    }
    guard cursor.position > 0 else { throw tooFewPairs(rest) }
    let whole = try await readable(from: DataCursor(epoch: cursor.epoch + 1))
    guard whole.samples.count == configuration.batchPairs else { throw tooFewPairs(whole) }
    return batch(whole, from: cursor, damaged: rest.damaged + whole.damaged)
  }

  /// What one stretch of an epoch's order gave.
  private struct Stretch {
    var samples: [PairSample] = []
    var damaged: [DamagedPair] = []
    var end: DataCursor
  }

  /// The readable pairs from a cursor on: as many as a batch has, or fewer where the epoch ends
  /// first. Nothing is read where the rest of the epoch is too short in any case.
  private func readable(from cursor: DataCursor) async throws(PairDataError) -> Stretch {
    let size = configuration.batchPairs
    var stretch = Stretch(end: cursor)
    guard pairs.count - cursor.position >= size else { return stretch }
    let order = order(ofEpoch: cursor.epoch)
    var ledger = DamageLedger(policy: configuration.damagePolicy, pairCount: pairs.count)
    var position = cursor.position
    while stretch.samples.count < size, position < pairs.count {
      let end = min(position + size - stretch.samples.count, pairs.count)
      for outcome in try await outcomes(order, position..<end, epoch: cursor.epoch) {
        switch outcome {
        case .sample(let sample): stretch.samples.append(sample)
        case .damaged(let pair): stretch.damaged.append(pair)
        }
      }
      // Where no pair is readable, that is said now, not after all of them.
      if stretch.samples.isEmpty { try ledger.record(stretch.damaged) }
      position = end
    }
    stretch.end = DataCursor(epoch: cursor.epoch, position: position)
    return stretch
  }

  private func batch(
    _ stretch: Stretch, from cursor: DataCursor, damaged: [DamagedPair]
  ) -> PairBatch {
    PairBatch(
      samples: stretch.samples, damaged: damaged, images: configuration.images, from: cursor,
      to: stretch.end)
  }

  private func tooFewPairs(_ stretch: Stretch) -> PairDataError {
    let isRead = pairs.count >= configuration.batchPairs
    return .tooFewPairs(
      readable: isRead ? stretch.samples.count : pairs.count, batch: configuration.batchPairs)
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
