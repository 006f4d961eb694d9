/// Ranges of a shard's pictures one after another, the next always in the making.
///
///     var walk = PictureWalk(pictures, ranges: [0..<32, 64..<96])
///     while let batch = try await walk.next() { … }
public struct PictureWalk: Sendable {
  private typealias Pending = Task<Result<PictureBatch, PairDataError>, Never>

  private let pictures: ShardPictures
  private var rest: ArraySlice<Range<Int>>
  private var pending: Pending?

  public init(_ pictures: ShardPictures, ranges: [Range<Int>]) {
    self.pictures = pictures
    rest = ranges[...]
  }

  /// The next range's pictures, or nil behind the last.
  /// - Throws: `fileFailure`, `cancelled`.
  public mutating func next() async throws(PairDataError) -> PictureBatch? {
    guard let current = pending ?? load() else { return nil }
    pending = load()
    let following = pending
    let result = await withTaskCancellationHandler {
      await current.value
    } onCancel: {
      current.cancel()
      following?.cancel()
    }
    return try result.get()
  }

  private mutating func load() -> Pending? {
    guard let range = rest.popFirst() else { return nil }
    let pictures = pictures
    return Task {
      do throws(PairDataError) {
        return .success(try await pictures.batch(range))
      } catch {
        return .failure(error)
      }
    }
  }
}
