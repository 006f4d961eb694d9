/// Keeps the next batches loading while the current one is computed on.
///
/// A ring of tasks, `depth` of them: `next()` awaits the oldest and starts one more. A task begins
/// where the one before it ended, so that the sequence of batches is that of a loader alone; pairs
/// within a batch are decoded side by side. Nothing is loaded beyond the ring.
///
///     let prefetcher = Prefetcher(loader, from: checkpoint.cursor)
///     while step < last { let batch = try await prefetcher.next() … }
public actor Prefetcher {
  private typealias Pending = Task<Result<PairBatch, PairDataError>, Never>

  private let loader: BatchLoader
  private let depth: Int
  private var ring: [Pending] = []
  /// The task started last, which the next one follows even after it left the ring.
  private var newest: Pending?
  private var cursor: DataCursor
  private var ledger: DamageLedger

  /// - Parameters:
  ///   - cursor: where to begin; a resumed run gives the `cursorAfter` of its last batch.
  ///   - depth: batches in the making at any time, at least 1; each takes memory.
  ///   - knownDamage: pairs that count against the limit from the start.
  public init(
    _ loader: BatchLoader, from cursor: DataCursor = .start, depth: Int = 2,
    knownDamage: [DamagedPair] = []
  ) throws(PairDataError) {
    precondition(depth > 0, "a ring of \(depth) batches loads nothing")
    self.loader = loader
    self.depth = depth
    self.cursor = cursor
    var ledger = DamageLedger(
      policy: loader.configuration.damagePolicy, pairCount: loader.pairs.count)
    try ledger.record(knownDamage)
    self.ledger = ledger
  }

  deinit {
    for task in ring { task.cancel() }
  }

  /// The next batch, for one caller at a time. After an error, the next call tries it again.
  /// - Throws: `tooManyDamagedPairs` with the batch that exceeds the limit, and what
  ///   `BatchLoader` throws.
  public func next() async throws(PairDataError) -> PairBatch {
    fill()
    let oldest = ring.removeFirst()
    fill()
    let result = await withTaskCancellationHandler {
      await oldest.value
    } onCancel: {
      oldest.cancel()
    }
    do {
      let batch = try result.get()
      try ledger.record(batch.damaged, besides: batch.count)
      cursor = batch.cursorAfter
      return batch
    } catch {
      cancel()
      throw error
    }
  }

  /// Stops all loading. `next()` would begin again behind the last batch that it handed out.
  public func cancel() {
    for task in ring { task.cancel() }
    ring = []
    newest = nil
  }

  /// The damaged pairs met so far, each once.
  public var damaged: [DamagedPair] { ledger.pairs }

  private func fill() {
    while ring.count < depth {
      let loader = loader
      let start = cursor
      let previous = newest
      let task = Task { await Self.load(loader, after: previous, orFrom: start) }
      ring.append(task)
      newest = task
    }
  }

  private static func load(
    _ loader: BatchLoader, after previous: Pending?, orFrom start: DataCursor
  ) async -> Result<PairBatch, PairDataError> {
    do throws(PairDataError) {
      let cursor = try await previous?.value.get().cursorAfter ?? start
      return .success(try await loader.batch(from: cursor))
    } catch {
      return .failure(error)
    }
  }
}
