import DurableFiles
import Foundation
import PairData
import Testing

@testable import Training

/// What becomes of a cache's files when others touch them meanwhile; no tower is needed for it.
struct EmbeddingCacheTests {
  /// Forty rows, which fill a block and begin another.
  private struct SampleRows: ShardRows {
    final class Count { var value = 0 }

    var stamp = [UInt8](repeating: 1, count: 48)
    /// How often all contents were read.
    let digestCount = Count()
    private var rest: ArraySlice<Range<Int>> = []

    var count: Int { 40 }

    func digests() async throws(PairDataError) -> [UInt8] {
      digestCount.value += 1
      return Self.digests(0..<count)
    }

    mutating func areUnreadable(_ places: [Int]) -> Bool { places.isEmpty }

    mutating func begin(_ ranges: [Range<Int>]) { rest = ranges[...] }

    mutating func next() async throws(PairDataError) -> EmbeddingBlock {
      guard let range = rest.popFirst() else { throw .cancelled }
      return EmbeddingBlock(
        digests: Self.digests(range), isReadable: range.map { _ in true },
        values: range.flatMap { [Float($0), 0.5, -1] })
    }

    private static func digests(_ range: Range<Int>) -> [UInt8] {
      range.flatMap { [UInt8](repeating: UInt8($0), count: 32) }
    }
  }

  private static let key = EmbeddingKey(text: #"{"tower": "a"}"#)

  private static func cache(
    stopSignal: @escaping () -> Int32? = { nil }, tell: @escaping (String) -> Void = { _ in }
  ) -> EmbeddingCache {
    EmbeddingCache(
      key: key, width: 3, storage: .files, stopSignal: stopSignal, tell: tell, refuse: { _ in })
  }

  private static func names(_ run: MiniatureRun) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: run.cache)) ?? []).sorted()
  }

  private static func fileName(_ run: MiniatureRun) -> String {
    CacheFolder(ofShard: run.shard, key: key).fileName
  }

  @Test func `a folder that is deleted while rows are encoded is made again, with all of them`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    var (rows, report) = (SampleRows(), CachingReport(content: "picture"))
    let blocks = try await Self.cache().blocks(
      of: try PairShard(path: run.shard), &rows, into: &report
    ) { done in
      if done == 32 { try? FileManager.default.removeItem(atPath: run.cache) }
    }
    #expect(report.refusals == [] && report.problems == [] && report.folders == [run.cache])
    #expect(Self.names(run) == [Self.fileName(run)])
    let file = try EmbeddingFile("\(run.cache)/\(Self.fileName(run))", expecting: Self.key)
    #expect(file.problem == nil && file.blocks == blocks && file.header.stamp == rows.stamp)
    #expect(report.bytes == file.header.end)
  }

  @Test func `another's unfinished file is neither published nor removed`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    var (rows, report) = (SampleRows(), CachingReport(content: "picture"))
    let partial = "\(run.cache)/\(Self.fileName(run)).partial"
    let blocks = try await Self.cache().blocks(
      of: try PairShard(path: run.shard), &rows, into: &report
    ) { done in
      guard done == 32 else { return }
      try? FileManager.default.removeItem(atPath: run.cache)
      try? FileManager.default.createDirectory(
        atPath: run.cache, withIntermediateDirectories: false)
      try? Data("another's".utf8).write(to: URL(filePath: partial))
    }
    #expect(report.refusals == [])
    let file = try EmbeddingFile("\(run.cache)/\(Self.fileName(run))", expecting: Self.key)
    #expect(file.problem == nil && file.blocks == blocks)
    #expect(try Data(contentsOf: URL(filePath: partial)) == Data("another's".utf8))
  }

  @Test func `a shard that was touched is read and compared once, one that was not never`()
    async throws
  {
    let run = try MiniatureRun()
    defer { run.remove() }
    let shard = try PairShard(path: run.shard)
    var counts: [Int] = []
    for stamp: UInt8 in [1, 2, 2] {
      var (rows, report) = (SampleRows(), CachingReport(content: "picture"))
      rows.stamp = [UInt8](repeating: stamp, count: 48)
      _ = try await Self.cache().blocks(of: shard, &rows, into: &report) { _ in }
      #expect(report.encodedCount == (counts.isEmpty ? 40 : 0) && report.refusals == [])
      counts.append(rows.digestCount.value)
    }
    #expect(counts == [0, 1, 0])
  }

  @Test func `a cancelled task does not wait for another process`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    try Folder.create(run.cache)
    let lock = try FileLock(CacheFolder(ofShard: run.shard, key: Self.key).lockPath(in: run.cache))
    let task = Task { () async -> String in
      // Ends with a failure rather than never.
      var rest = 1_000
      let cache = Self.cache(
        stopSignal: {
          rest -= 1
          return rest < 0 ? 15 : nil
        },
        tell: { _ in withUnsafeCurrentTask { $0?.cancel() } })
      var (rows, report) = (SampleRows(), CachingReport(content: "picture"))
      do {
        let shard = try PairShard(path: run.shard)
        _ = try await cache.blocks(of: shard, &rows, into: &report) { _ in }
        return "encoded"
      } catch {
        return "\(error)"
      }
    }
    #expect(await task.value == PairDataError.cancelled.description)
    withExtendedLifetime(lock) {}
  }

  @Test func `shards whose names differ have files that differ`() {
    let long = String(repeating: "图", count: 80)
    let shards = ["a.tar", "a", "a.tar.tar", ".tar", long, "\(long).tar"]
    let names = shards.map { CacheFolder(ofShard: "data/\($0)", key: Self.key).fileName }
    #expect(Set(names).count == shards.count)
    #expect(names[0] == "a.\(Self.key.name).embeddings")
    #expect(names.allSatisfy { $0.utf8.count <= 200 && $0.hasSuffix(".embeddings") })
  }
}
