/// Maps a range with several tasks; the results are in the order of the range, whoever made them.
enum ParallelMap {
  /// - Throws: the error of the lowest number that failed, or `cancelled`.
  static func run<Result: Sendable>(
    _ range: Range<Int>, taskCount: Int,
    _ body: @escaping @Sendable (Int) throws(PairDataError) -> Result
  ) async throws(PairDataError) -> [Result] {
    let stride = max(1, min(taskCount, range.count))
    let lanes = await withTaskGroup(
      of: (lane: Int, results: [Swift.Result<Result, PairDataError>]).self
    ) { group in
      for lane in 0..<stride {
        group.addTask {
          (lane, await Self.lane(lane, of: range, stride: stride, body))
        }
      }
      var lanes = [[Swift.Result<Result, PairDataError>]](repeating: [], count: stride)
      for await finished in group { lanes[finished.lane] = finished.results }
      return lanes
    }
    var results: [Result] = []
    results.reserveCapacity(range.count)
    for index in 0..<range.count {
      let lane = lanes[index % stride]
      // A lane that was cancelled or met an error is shorter than the others.
      guard index / stride < lane.count else { throw .cancelled }
      results.append(try lane[index / stride].get())
    }
    return results
  }

  private static func lane<Result>(
    _ lane: Int, of range: Range<Int>, stride: Int,
    _ body: (Int) throws(PairDataError) -> Result
  ) async -> [Swift.Result<Result, PairDataError>] {
    var results: [Swift.Result<Result, PairDataError>] = []
    for index in Swift.stride(from: range.lowerBound + lane, to: range.upperBound, by: stride) {
      guard !Task.isCancelled else { return results }
      do {
        results.append(.success(try body(index)))
      } catch {
        results.append(.failure(error))
        return results
      }
    }
    return results
  }
}
