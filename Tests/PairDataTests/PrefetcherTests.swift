import FileTestSupport
import Testing

@testable import PairData

@Suite struct PrefetcherTests {
  private func loader(tasks: Int = 2) throws -> BatchLoader {
    var configuration = try EmojiPairs.configuration(batchPairs: 30)
    configuration.taskCount = tasks
    return BatchLoader(
      pairs: try EmojiPairs.test(), tokenizer: try EmojiPairs.tokenizer(),
      configuration: configuration)
  }

  @Test(arguments: [1, 2, 5])
  func `batches come in the order of a loader alone, at any depth`(depth: Int) async throws {
    let loader = try loader()
    let prefetcher = try Prefetcher(loader, depth: depth)
    var cursor = DataCursor.start
    for _ in 0..<11 {
      let expected = try await loader.batch(from: cursor)
      #expect(BatchContents(try await prefetcher.next()) == BatchContents(expected))
      cursor = expected.cursorAfter
    }
  }

  @Test func `loading begins at a cursor and goes on behind a cancelled one`() async throws {
    let loader = try loader()
    let first = try await loader.batch(from: .start)
    let second = try await loader.batch(from: first.cursorAfter)
    let third = try await loader.batch(from: second.cursorAfter)
    let prefetcher = try Prefetcher(loader, from: first.cursorAfter, depth: 3)
    #expect(BatchContents(try await prefetcher.next()) == BatchContents(second))
    await prefetcher.cancel()
    #expect(BatchContents(try await prefetcher.next()) == BatchContents(third))
  }

  @Test func `a cancelled caller gets an error and loads nothing more`() async throws {
    let prefetcher = try Prefetcher(try loader(tasks: 1), depth: 1)
    let caller = Task { () -> Result<PairBatch, PairDataError> in
      do throws(PairDataError) {
        while !Task.isCancelled { _ = try await prefetcher.next() }
        return .success(try await prefetcher.next())
      } catch {
        return .failure(error)
      }
    }
    caller.cancel()
    let result = await caller.value
    #expect(throws: PairDataError.cancelled) { try result.get() }
  }

  @Test func `a failing shard fails the batch, again and again`() async throws {
    let folder = try TemporaryFolder()
    let source = try EmojiPairs.test()
    let path = try folder.write(
      source.shards[0].open().bytes(at: 0, count: Int(source.shards[0].bytes)), to: "a.tar")
    let set = PairSet(shards: [try PairShard(path: path)])
    try folder.write([1, 2, 3], to: "a.tar")
    let prefetcher = try Prefetcher(
      BatchLoader(
        pairs: set, tokenizer: try EmojiPairs.tokenizer(),
        configuration: try EmojiPairs.configuration(batchPairs: 10)))
    for _ in 0..<2 {
      await #expect(
        throws: PairDataError.shardChanged(
          shard: path, expectedBytes: source.shards[0].bytes, foundBytes: 3)
      ) { _ = try await prefetcher.next() }
    }
  }
}
