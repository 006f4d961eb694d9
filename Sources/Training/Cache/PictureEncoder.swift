internal import Autodiff
internal import CPUDevice
internal import DurableFiles
internal import Glibc
internal import PairData

/// Makes the embeddings of pictures once: takes what cache files have, encodes and keeps the rest.
///
/// Pictures are encoded by blocks that follow from the shard alone (see ``EmbeddingBlock``), so an
/// embedding has the same bits whether it was read or computed, whatever asked for it, and wherever
/// an earlier process was stopped.
final class PictureEncoder {
  /// Where embeddings are kept between processes.
  enum Storage {
    case memoryOnly
    /// In files beside the shards, or in the user's cache.
    case files
  }

  let key: EmbeddingKey
  let embedder: ImageEmbedder
  private let preparation: ImagePreparation
  private let taskCount: Int
  private let storage: Storage
  private let stopSignal: () -> Int32?
  private let tell: (String) -> Void

  /// - Parameters:
  ///   - embedder: of the tower that the key was made of.
  ///   - stopSignal: the signal that asked for a stop, once there is one; read between blocks.
  ///   - tell: is told why the work waits.
  init(
    _ embedder: ImageEmbedder, key: EmbeddingKey, preparation: ImagePreparation, taskCount: Int,
    storage: Storage, stopSignal: @escaping () -> Int32?, tell: @escaping (String) -> Void
  ) {
    self.embedder = embedder
    self.key = key
    self.preparation = preparation
    self.taskCount = taskCount
    self.storage = storage
    self.stopSignal = stopSignal
    self.tell = tell
  }

  /// A model's own image tower, whose embeddings have unit length.
  convenience init(
    _ loaded: LoadedModel, taskCount: Int, storage: Storage,
    stopSignal: @escaping () -> Int32?, tell: @escaping (String) -> Void
  ) throws(ModelError) {
    let preparation = loaded.description.preparation()
    let embedder: ImageEmbedder
    do throws(DeviceError) {
      embedder = try ImageEmbedder(
        loaded.model, on: loaded.device, parameters: loaded.parameters,
        imagesPerChunk: EmbeddingBlock.pairLimit)
    } catch {
      throw .device(error)
    }
    self.init(
      embedder, key: EmbeddingKey(loaded, .unitVectors, preparation: preparation),
      preparation: preparation, taskCount: taskCount, storage: storage, stopSignal: stopSignal,
      tell: tell)
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
    var report = CachingReport()
    report.pairCount = pairs.count
    var ledger = DamageLedger(
      policy: DamagedPairPolicy(limit: damageLimit), pairCount: pairs.count)
    var start = 0
    for shard in pairs.shards {
      let pictures = try pictures(of: shard)
      let blocks = try await blocks(of: shard, pictures, into: &report) {
        progress(start + $0, pairs.count)
      }
      for (number, block) in blocks.enumerated() {
        result.append(block)
        for (row, isReadable) in block.isReadable.enumerated() where !isReadable {
          let index = number * EmbeddingBlock.pairLimit + row
          do throws(PairDataError) {
            guard let damage = try pictures.damage(at: index, pair: start + index) else { continue }
            try ledger.record([damage])
            result.append(damage)
            report.damagedPairs.append("\(damage)")
          } catch {
            throw .data(error)
          }
        }
      }
      start += shard.count
    }
    return (result, report)
  }

  /// How many of a set's pictures cache files have the embeddings of; writes nothing.
  func foundCount(of pairs: PairSet) async throws(ModelError) -> Int {
    guard storage == .files else { return 0 }
    var count = 0
    for shard in pairs.shards {
      count += try await found(of: shard, try pictures(of: shard)).pairCount
    }
    return count
  }

  private func pictures(of shard: PairShard) throws(ModelError) -> ShardPictures {
    do throws(PairDataError) {
      return try ShardPictures(shard, preparation: preparation, taskCount: taskCount)
    } catch {
      throw .data(error)
    }
  }

  private func found(
    of shard: PairShard, _ pictures: ShardPictures
  ) async throws(ModelError) -> FoundEmbeddings {
    do throws(PairDataError) {
      return try await FoundEmbeddings(
        CacheFolder(ofShard: shard.path, key: key), key: key, width: embedder.width,
        pictures: pictures)
    } catch {
      throw .data(error)
    }
  }

  /// All blocks of a shard.
  private func blocks(
    of shard: PairShard, _ pictures: ShardPictures, into report: inout CachingReport,
    progress: (Int) -> Void
  ) async throws(ModelError) -> [EmbeddingBlock] {
    guard storage == .files else {
      let none = [EmbeddingBlock?](
        repeating: nil, count: EmbeddingBlock.blockCount(of: shard.count))
      return try await encoded(none, pictures, into: &report, progress: progress) { _, _ in }
    }
    var found = try await found(of: shard, pictures)
    var file: EmbeddingFileWriter?
    if found.wholePath == nil {
      let folder = CacheFolder(ofShard: shard.path, key: key)
      file = try await writer(folder, pictures, into: &report)
      // Another process may have had the lock until now, and may have encoded some of it.
      found = try await self.found(of: shard, pictures)
    }
    report.problems += found.problems
    if let path = found.wholePath {
      file?.discard()
      file = nil
      report.add(path, bytes: Folder.fileBytes(at: path) ?? 0)
    }
    file?.begin(after: found)
    let blocks = try await encoded(found.blocks, pictures, into: &report, progress: progress) {
      number, block in file?.write(block, number: number)
    }
    if let file {
      file.publish()
      if let problem = file.problem {
        report.refuse(problem)
      } else {
        report.add(file.path, bytes: file.byteCount)
      }
    }
    return blocks
  }

  /// Encodes what is missing, in order.
  ///
  /// - Parameter keep: is given every block, found or encoded.
  private func encoded(
    _ found: [EmbeddingBlock?], _ pictures: ShardPictures, into report: inout CachingReport,
    progress: (Int) -> Void, keep: (Int, EmbeddingBlock) -> Void
  ) async throws(ModelError) -> [EmbeddingBlock] {
    var blocks: [EmbeddingBlock] = []
    let missing = found.indices.filter { found[$0] == nil }
    var walk = PictureWalk(
      pictures, ranges: missing.map { EmbeddingBlock.pairs(ofBlock: $0, of: pictures.count) })
    var done = 0
    for (number, block) in found.enumerated() {
      let whole: EmbeddingBlock
      if let block {
        whole = block
        report.reusedCount += block.count
      } else {
        if let signal = stopSignal() { throw .interrupted(signal: signal) }
        let start = ContinuousClock.now
        whole = encode(try await Self.next(&walk))
        report.encodedCount += whole.count
        report.encodingSeconds += (ContinuousClock.now - start).seconds
      }
      keep(number, whole)
      blocks.append(whole)
      done += whole.count
      progress(done)
    }
    return blocks
  }

  private static func next(_ walk: inout PictureWalk) async throws(ModelError) -> PictureBatch {
    do throws(PairDataError) {
      guard let batch = try await walk.next() else { throw PairDataError.cancelled }
      return batch
    } catch {
      throw .data(error)
    }
  }

  private func encode(_ batch: PictureBatch) -> EmbeddingBlock {
    EmbeddingBlock(
      digests: batch.digests, isReadable: batch.isReadable,
      values: embedder.embed(count: batch.range.count) { batch.write($0, into: $1) })
  }

  /// A file to be written under its folder's lock, in the first folder that takes one.
  ///
  /// - Returns: nothing where no folder does.
  private func writer(
    _ folder: CacheFolder, _ pictures: ShardPictures, into report: inout CachingReport
  ) async throws(ModelError) -> EmbeddingFileWriter? {
    let header = EmbeddingFileHeader(
      key: key, pairCount: pictures.count, width: embedder.width, stamp: pictures.stamp)
    var refusal: FileError?
    for place in folder.folders {
      var lock: FileLock?
      var isWaiting = false
      while lock == nil {
        if let signal = stopSignal() { throw .interrupted(signal: signal) }
        do throws(FileError) {
          try Folder.create(place)
          lock = try FileLock(folder.lockPath(in: place))
        } catch {
          guard error.code == EWOULDBLOCK else {
            refusal = error
            break
          }
          if !isWaiting { tell("Waiting to encode pictures: \(error.reason), \(place)") }
          isWaiting = true
          try? await Task.sleep(for: .milliseconds(100))
        }
      }
      guard let lock else { continue }
      do throws(FileError) {
        return try EmbeddingFileWriter(
          "\(place)/\(folder.fileName)", header: header, lock: lock)
      } catch {
        refusal = error
      }
    }
    if let refusal { report.refuse(refusal) }
    return nil
  }
}
