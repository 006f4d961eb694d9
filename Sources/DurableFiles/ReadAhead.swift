internal import Glibc
internal import Synchronization

/// Asks the system for a file's bytes before they are read, on a thread of its own.
///
/// It changes nothing but when the disk works. Where the file is in memory already it costs little.
public final class ReadAhead: Sendable {
  /// What one call asks for; the system takes no more of it than a disk's own limit.
  private static let stepBytes = 4 << 20

  private final class Order: Sendable {
    let isStopped = Atomic(false)
  }

  private let order = Order()
  private let work: BackgroundWork<Void>

  /// - Parameter starts: where readers begin, each of whom reads up to the next one's start; all
  ///   of them are served in turn, in proportion to what they read.
  /// - Returns: nothing where the file cannot be opened, which its reader will say.
  public init?(_ path: String, from starts: [Int]) {
    guard let size = Folder.fileBytes(at: path) else { return nil }
    let starts = starts.filter { $0 < size }.sorted()
    guard !starts.isEmpty else { return nil }
    let parts = zip(starts, starts.dropFirst() + [size]).map { $0..<$1 }
    let order = order
    work = BackgroundWork {
      let file: FileDescriptor
      do throws(FileError) {
        file = try FileDescriptor(path, flags: O_RDONLY | O_NONBLOCK, operation: .open)
      } catch {
        return
      }
      for request in Self.requests(parts) {
        if order.isStopped.load(ordering: .relaxed) { return }
        posix_fadvise(file.number, request.lowerBound, request.count, POSIX_FADV_WILLNEED)
      }
    }
  }

  deinit {
    stop()
  }

  /// Asks for nothing further.
  public func stop() { order.isStopped.store(true, ordering: .relaxed) }

  /// Ranges cut into steps, in the order in which readers that are equally far need them.
  static func requests(_ parts: [Range<Int>]) -> [Range<Int>] {
    let steps = parts.flatMap { part in
      stride(from: part.lowerBound, to: part.upperBound, by: stepBytes).map { start in
        let range = start..<min(start + stepBytes, part.upperBound)
        return (share: Double(start - part.lowerBound) / Double(part.count), range: range)
      }
    }
    return steps.sorted {
      ($0.share, $0.range.lowerBound) < ($1.share, $1.range.lowerBound)
    }.map(\.range)
  }
}
