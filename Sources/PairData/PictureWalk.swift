/// Ranges of pictures one after another; the next one is always in the making.
///
///     var walk = PictureWalk(pictures, atOnce: 64, taskCount: 4)
///     while let (range, batch) = try await walk.next() { … pictures.names[range], batch … }
public struct PictureWalk<Batch: Sendable>: Sendable {
  private typealias Pending = (range: Range<Int>, task: Task<Result<Batch, PairDataError>, Never>)

  private let load: @Sendable (Range<Int>) async -> Result<Batch, PairDataError>
  private var rest: ArraySlice<Range<Int>>
  private var pending: Pending?

  private init(
    _ ranges: [Range<Int>],
    load: @escaping @Sendable (Range<Int>) async -> Result<Batch, PairDataError>
  ) {
    self.load = load
    rest = ranges[...]
  }

  /// The next pictures, or nil when all were seen.
  /// - Throws: what is wrong with the first of them that cannot be used.
  public mutating func next() async throws(PairDataError) -> (range: Range<Int>, batch: Batch)? {
    guard let current = pending ?? begin() else { return nil }
    pending = begin()
    let following = pending?.task
    let result = await withTaskCancellationHandler {
      await current.task.value
    } onCancel: {
      current.task.cancel()
      following?.cancel()
    }
    return (current.range, try result.get())
  }

  private mutating func begin() -> Pending? {
    guard let range = rest.popFirst() else { return nil }
    let load = load
    return (range, Task { await load(range) })
  }
}

extension PictureWalk where Batch == PixelBatch {
  /// Picture files in order, so many at a time.
  public init(_ pictures: PictureFiles, atOnce: Int, taskCount: Int) {
    precondition(atOnce > 0, "\(atOnce) pictures at a time")
    let starts = stride(from: 0, to: pictures.count, by: atOnce)
    self.init(starts.map { $0..<min($0 + atOnce, pictures.count) }) { range in
      do throws(PairDataError) {
        return .success(try await pictures.batch(range, taskCount: taskCount))
      } catch {
        return .failure(error)
      }
    }
  }
}

extension PictureWalk where Batch == PictureBatch {
  /// Ranges of a shard's pictures.
  public init(_ pictures: ShardPictures, ranges: [Range<Int>]) {
    self.init(ranges) { range in
      do throws(PairDataError) {
        return .success(try await pictures.batch(range))
      } catch {
        return .failure(error)
      }
    }
  }
}
