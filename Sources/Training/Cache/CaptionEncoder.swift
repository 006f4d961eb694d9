internal import Autodiff
internal import CPUDevice
internal import PairData
internal import Tokenizers

/// Makes a text tower's embeddings of all captions of a pair set, once; see ``EmbeddingCache``.
final class CaptionEncoder {
  let cache: EmbeddingCache
  private let loaded: LoadedModel
  private let embedder: Embedder
  private let selector: CaptionSelector
  private let taskCount: Int

  /// - Parameter cache: with a key for the tower and the selector.
  init(
    _ loaded: LoadedModel, cache: EmbeddingCache, selector: CaptionSelector, taskCount: Int
  ) throws(ModelError) {
    self.loaded = loaded
    self.cache = cache
    self.selector = selector
    self.taskCount = taskCount
    do throws(DeviceError) {
      embedder = try Embedder(loaded.model, on: loaded.device, parameters: loaded.parameters)
    } catch {
      throw .device(error)
    }
  }

  /// The embeddings of a set's captions.
  ///
  /// - Parameters:
  ///   - damageLimit: the largest share of pairs whose captions may not be usable.
  ///   - progress: is told how many pairs of how many are done.
  /// - Throws: `ModelError.interrupted` where a signal asked for a stop; what was encoded is kept.
  func embeddings(
    of pairs: PairSet, damageLimit: Double, progress: (Int, Int) -> Void
  ) async throws(ModelError) -> (CaptionEmbeddings, CachingReport) {
    var result = CaptionEmbeddings(width: embedder.width)
    var report = CachingReport(content: "caption")
    var ledger = DamageLedger(
      policy: DamagedPairPolicy(limit: damageLimit), pairCount: pairs.count)
    var start = 0
    for shard in pairs.shards {
      var rows = try await rows(of: shard, firstPair: start)
      do throws(PairDataError) {
        let damaged = rows.captions.damaged
        try ledger.record(damaged, besides: shard.count - damaged.count)
      } catch {
        throw .data(error)
      }
      report.damagedPairs += rows.captions.damaged.map(\.description)
      let count = max(1, rows.count)
      let blocks = try await cache.blocks(of: shard, &rows, into: &report) {
        progress(start + $0 * shard.count / count, pairs.count)
      }
      result.append(blocks, starts: rows.captions.starts)
      start += shard.count
    }
    return (result, report)
  }

  /// How many captions a set has, and how many of them cache files have the embeddings of.
  func counts(of pairs: PairSet) async throws(ModelError) -> (all: Int, found: Int) {
    var counts = (all: 0, found: 0)
    for shard in pairs.shards {
      var rows = try await rows(of: shard, firstPair: 0)
      counts.all += rows.count
      guard cache.storage == .files else { continue }
      counts.found += try await cache.found(of: shard, &rows).rowCount
    }
    return counts
  }

  private func rows(
    of shard: PairShard, firstPair: Int
  ) async throws(ModelError) -> CaptionRows {
    let (embedder, loaded) = (embedder, loaded)
    do throws(PairDataError) {
      let captions = try await ShardCaptions(
        shard, firstPair: firstPair, selector: selector, taskCount: taskCount)
      return CaptionRows(captions) { texts in
        embedder.embedTexts(
          texts.map { text in
            loaded.tokenizer.encode(
              text, contextLength: loaded.description.contextLength, path: .training
            ).ids
          })
      }
    } catch {
      throw .data(error)
    }
  }
}

/// What a text tower makes of all captions of a pair set, by pairs and places within them.
struct CaptionEmbeddings {
  let width: Int
  /// [captions, width].
  private var values: [Float] = []
  /// The row of each pair's first caption, and the number of all.
  private var starts = [0]

  init(width: Int) { self.width = width }

  /// Takes the captions of the next pairs.
  ///
  /// - Parameter more: the row of each pair's first caption among these, and the number of them.
  mutating func append(_ blocks: [EmbeddingBlock], starts more: [Int]) {
    let first = starts[starts.count - 1]
    for block in blocks { values += block.values }
    starts += more.dropFirst().map { first + $0 }
  }

  /// How many captions of a pair there are.
  func count(of pair: Int) -> Int { starts[pair + 1] - starts[pair] }

  /// One caption of each pair.
  ///
  /// - Parameter captions: the places among the captions of each pair, below its `count(of:)`.
  /// - Returns: [pairs.count, width].
  func rows(_ pairs: [Int], captions: [Int]) -> [Float] {
    var rows: [Float] = []
    rows.reserveCapacity(pairs.count * width)
    for (pair, caption) in zip(pairs, captions) {
      let row = starts[pair] + caption
      precondition(row < starts[pair + 1], "pair \(pair) has no caption \(caption)")
      rows += values[row * width..<(row + 1) * width]
    }
    return rows
  }

  /// All captions of some pairs.
  func rows(_ pairs: [Int]) -> [Float] {
    pairs.flatMap { values[starts[$0] * width..<starts[$0 + 1] * width] }
  }
}

extension PairSet {
  /// A pair has other captions than when they were encoded.
  func captionsChanged(of index: Int, encoded: Int, found: Int) -> PairDataError {
    let pair = self[index]
    return .captionsChanged(shard: pair.shard, key: pair.key, encoded: encoded, found: found)
  }
}
