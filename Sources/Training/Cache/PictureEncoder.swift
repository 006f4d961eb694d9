internal import Autodiff
internal import CPUDevice
internal import PairData

/// Makes an image tower's embeddings of all pictures of a pair set, once; see ``EmbeddingCache``.
final class PictureEncoder {
  let cache: EmbeddingCache
  let embedder: ImageEmbedder
  private let preparation: ImagePreparation
  private let view: Int?
  private let taskCount: Int

  /// - Parameters:
  ///   - embedder: of the tower that the cache's key was made of.
  ///   - view: see ``ShardPictures``.
  init(
    _ embedder: ImageEmbedder, cache: EmbeddingCache, preparation: ImagePreparation, view: Int?,
    taskCount: Int
  ) {
    self.embedder = embedder
    self.cache = cache
    self.preparation = preparation
    self.view = view
    self.taskCount = taskCount
  }

  /// A tower's embedder for blocks.
  static func embedder(of loaded: LoadedModel) throws(ModelError) -> ImageEmbedder {
    do throws(DeviceError) {
      return try ImageEmbedder(
        loaded.model, on: loaded.device, parameters: loaded.parameters,
        imagesPerChunk: EmbeddingBlock.rowLimit)
    } catch {
      throw .device(error)
    }
  }

  /// The embeddings of a set's pictures.
  ///
  /// - Parameters:
  ///   - damageLimit: the largest share of pictures that may not be readable.
  ///   - progress: is told how many pairs of how many are done.
  /// - Throws: `ModelError.interrupted` where a signal asked for a stop; what was encoded is kept.
  func embeddings(
    of pairs: PairSet, damageLimit: Double, progress: (Int, Int) -> Void
  ) async throws(ModelError) -> (PictureEmbeddings, CachingReport) {
    var result = PictureEmbeddings(width: embedder.width, pairCount: pairs.count)
    let report = try await encode(
      pairs, damageLimit: damageLimit, progress: progress, use: { result.append($0) },
      skip: { result.append($0) })
    return (result, report)
  }

  /// Has files of the embeddings of a set's pictures, and gathers none in memory.
  ///
  /// - Parameters: see ``embeddings(of:damageLimit:progress:)``.
  func encode(
    _ pairs: PairSet, damageLimit: Double, progress: (Int, Int) -> Void
  ) async throws(ModelError) -> CachingReport {
    try await encode(
      pairs, damageLimit: damageLimit, progress: progress, use: { _ in }, skip: { _ in })
  }

  /// - Parameters:
  ///   - use: is given the embeddings, in order.
  ///   - skip: is given the pairs whose pictures cannot be read.
  private func encode(
    _ pairs: PairSet, damageLimit: Double, progress: (Int, Int) -> Void,
    use: (EmbeddingBlock) -> Void, skip: (DamagedPair) -> Void
  ) async throws(ModelError) -> CachingReport {
    var report = CachingReport(content: "picture")
    var ledger = DamageLedger(
      policy: DamagedPairPolicy(limit: damageLimit), pairCount: pairs.count)
    var start = 0
    for shard in pairs.shards {
      let pictures = try pictures(of: shard)
      var rows = PictureRows(pictures, embedder: embedder)
      let blocks = try await cache.blocks(of: shard, &rows, into: &report) {
        progress(start + $0, pairs.count)
      }
      for (number, block) in blocks.enumerated() {
        use(block)
        for (row, isReadable) in block.isReadable.enumerated() where !isReadable {
          let index = number * EmbeddingBlock.rowLimit + row
          guard let reason = rows.damage[index] else {
            preconditionFailure("\(shard.path): picture \(index) has neither a row nor a reason")
          }
          let damage = pictures.damagedPair(at: index, pair: start + index, reason: reason)
          do throws(PairDataError) {
            try ledger.record([damage])
            skip(damage)
            report.damagedPairs.append("\(damage)")
          } catch {
            throw .data(error)
          }
        }
      }
      start += shard.count
    }
    return report
  }

  /// How many of a set's pictures cache files have the embeddings of; writes nothing.
  func foundCount(of pairs: PairSet) async throws(ModelError) -> Int {
    guard cache.storage == .files else { return 0 }
    var count = 0
    for shard in pairs.shards {
      var rows = PictureRows(try pictures(of: shard), embedder: embedder)
      count += try await cache.found(of: shard, &rows).rowCount
    }
    return count
  }

  private func pictures(of shard: PairShard) throws(ModelError) -> ShardPictures {
    do throws(PairDataError) {
      return try ShardPictures(shard, preparation: preparation, view: view, taskCount: taskCount)
    } catch {
      throw .data(error)
    }
  }
}
