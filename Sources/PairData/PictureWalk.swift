/// Walks picture files once, in order; those after the ones handed out are already being decoded.
///
///     var walk = PictureWalk(pictures, atOnce: 64, taskCount: 4)
///     while let (range, batch) = try await walk.next() { … pictures.names[range], batch … }
public struct PictureWalk: Sendable {
  private let pictures: PictureFiles
  private let atOnce: Int
  private let taskCount: Int
  private var position = 0
  private var pending: Task<Result<PixelBatch, PairDataError>, Never>?

  public init(_ pictures: PictureFiles, atOnce: Int, taskCount: Int) {
    precondition(atOnce > 0, "\(atOnce) pictures at a time")
    self.pictures = pictures
    self.atOnce = atOnce
    self.taskCount = taskCount
  }

  /// The next pictures, or nil when all were seen.
  /// - Throws: what is wrong with the first of them that cannot be used.
  public mutating func next() async throws(PairDataError) -> (
    range: Range<Int>, batch: PixelBatch
  )? {
    guard position < pictures.count else { return nil }
    let range = range(from: position)
    let current = pending ?? decode(range)
    position = range.upperBound
    pending = position < pictures.count ? decode(self.range(from: position)) : nil
    let following = pending
    let result = await withTaskCancellationHandler {
      await current.value
    } onCancel: {
      current.cancel()
      following?.cancel()
    }
    return (range, try result.get())
  }

  private func range(from start: Int) -> Range<Int> {
    start..<min(start + atOnce, pictures.count)
  }

  private func decode(_ range: Range<Int>) -> Task<Result<PixelBatch, PairDataError>, Never> {
    let (pictures, taskCount) = (pictures, taskCount)
    return Task {
      do throws(PairDataError) {
        return .success(try await pictures.batch(range, taskCount: taskCount))
      } catch {
        return .failure(error)
      }
    }
  }
}
