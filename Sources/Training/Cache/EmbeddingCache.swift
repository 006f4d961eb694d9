internal import DurableFiles
internal import Glibc
internal import PairData

/// Makes embeddings once: takes what cache files have, encodes and keeps the rest.
///
/// Rows are encoded by blocks that follow from the shard alone (see ``EmbeddingBlock``), so an
/// embedding has the same bits whether it was read or computed, whatever asked for it, and wherever
/// an earlier process was stopped.
final class EmbeddingCache {
  /// Where embeddings are kept between processes.
  enum Storage {
    case memoryOnly
    /// In files beside the shards, or in the user's cache.
    case files
  }

  let key: EmbeddingKey
  let width: Int
  let storage: Storage
  /// Whether files have what was encoded last, or found.
  private(set) var isKept = false
  private let stopSignal: () -> Int32?
  private let tell: (String) -> Void
  private let refuse: (FileError) -> Void

  /// - Parameters:
  ///   - width: of an embedding.
  ///   - stopSignal: the signal that asked for a stop, once there is one; read between blocks.
  ///   - tell: is told why the work waits.
  ///   - refuse: is told why what is encoded cannot be kept, as soon as that is known; of every
  ///     shard anew.
  init(
    key: EmbeddingKey, width: Int, storage: Storage, stopSignal: @escaping () -> Int32?,
    tell: @escaping (String) -> Void, refuse: @escaping (FileError) -> Void
  ) {
    self.key = key
    self.width = width
    self.storage = storage
    self.stopSignal = stopSignal
    self.tell = tell
    self.refuse = refuse
  }

  /// What cache files have of a shard; nothing where none are looked at.
  func found(
    of shard: PairShard, _ rows: inout some ShardRows
  ) async throws(ModelError) -> FoundEmbeddings {
    do throws(PairDataError) {
      return try await FoundEmbeddings(
        CacheFolder(ofShard: shard.path, key: key), key: key, width: width, rows: &rows)
    } catch {
      throw .data(error)
    }
  }

  /// All blocks of a shard.
  ///
  /// - Parameter progress: is told how many rows are done.
  /// - Throws: `ModelError.interrupted` where a signal asked for a stop; what was encoded is kept.
  func blocks(
    of shard: PairShard, _ rows: inout some ShardRows, into report: inout CachingReport,
    progress: (Int) -> Void
  ) async throws(ModelError) -> [EmbeddingBlock] {
    report.count += rows.count
    guard storage == .files else {
      let none = [EmbeddingBlock?](
        repeating: nil, count: EmbeddingBlock.blockCount(of: rows.count))
      return try await encoded(none, &rows, into: &report, progress: progress) { _, _ in }
    }
    let folder = CacheFolder(ofShard: shard.path, key: key)
    let header = EmbeddingFileHeader(
      key: key, rowCount: rows.count, width: width, stamp: rows.stamp)
    let seen =
      folder.pathsThatSeemWhole(header).isEmpty ? nil : try await found(of: shard, &rows)
    var file: EmbeddingFileWriter?
    let found: FoundEmbeddings
    if let seen, seen.wholePath != nil {
      found = seen
    } else {
      // Looked at under the lock, which another process may have had until then.
      file = try await writer(folder, header, into: &report)
      found = try await self.found(of: shard, &rows)
    }
    report.problems += found.problems
    if let path = found.wholePath {
      file?.discard()
      file = nil
      report.add(path, bytes: Folder.fileBytes(at: path) ?? 0)
    }
    file?.begin(after: found)
    var isRefused = false
    let blocks = try await encoded(found.blocks, &rows, into: &report, progress: progress) {
      number, block in
      file?.write(block, number: number)
      isKept = found.wholePath != nil || file.map { $0.problem == nil } == true
      if let problem = file?.problem, !isRefused {
        isRefused = true
        refuse(problem)
      }
    }
    if let file {
      file.publish(blocks)
      if let problem = file.problem {
        if !isRefused { refuse(problem) }
        report.add(problem)
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
    _ found: [EmbeddingBlock?], _ rows: inout some ShardRows, into report: inout CachingReport,
    progress: (Int) -> Void, keep: (Int, EmbeddingBlock) -> Void
  ) async throws(ModelError) -> [EmbeddingBlock] {
    var blocks: [EmbeddingBlock] = []
    let missing = found.indices.filter { found[$0] == nil }
    let count = rows.count
    rows.begin(missing.map { EmbeddingBlock.rows(ofBlock: $0, of: count) })
    var done = 0
    for (number, block) in found.enumerated() {
      let whole: EmbeddingBlock
      if let block {
        whole = block
        report.reusedCount += block.count
      } else {
        if let signal = stopSignal() { throw .interrupted(signal: signal) }
        let start = ContinuousClock.now
        whole = try await Self.next(&rows)
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

  private static func next(
    _ rows: inout some ShardRows
  ) async throws(ModelError) -> EmbeddingBlock {
    do throws(PairDataError) {
      return try await rows.next()
    } catch {
      throw .data(error)
    }
  }

  /// A file to be written under its folder's lock, in the first folder that takes one.
  ///
  /// - Returns: nothing where no folder does.
  private func writer(
    _ folder: CacheFolder, _ header: EmbeddingFileHeader, into report: inout CachingReport
  ) async throws(ModelError) -> EmbeddingFileWriter? {
    var refusals: [FileError] = []
    for place in folder.folders {
      do throws(ModelError) {
        return try await writer(folder, in: place, header)
      } catch {
        guard case .file(let refusal) = error else { throw error }
        refusals.append(refusal)
      }
    }
    if let refusal = CachingReport.refusal(of: refusals) {
      refuse(refusal)
      report.add(refusal)
    }
    return nil
  }

  /// A file to be written in a folder, as soon as no other process has its lock.
  ///
  /// - Throws: `ModelError.file` where the folder takes none.
  private func writer(
    _ folder: CacheFolder, in place: String, _ header: EmbeddingFileHeader
  ) async throws(ModelError) -> EmbeddingFileWriter {
    var isWaiting = false
    while true {
      if let signal = stopSignal() { throw .interrupted(signal: signal) }
      do throws(FileError) {
        try Folder.create(place)
        let lock = try FileLock(folder.lockPath(in: place))
        return try EmbeddingFileWriter("\(place)/\(folder.fileName)", header: header, lock: lock)
      } catch {
        guard error.code == EWOULDBLOCK else { throw .file(error) }
        if !isWaiting { tell("Waiting to encode: \(error.reason), \(place)") }
        isWaiting = true
      }
      do {
        try await Task.sleep(for: .milliseconds(100))
      } catch {
        throw .data(.cancelled)
      }
    }
  }
}
