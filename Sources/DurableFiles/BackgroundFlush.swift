internal import Glibc
internal import Synchronization

/// Brings a file to the disk while it is still being written, so that the disk does not stand idle
/// until the last byte is there.
final class BackgroundFlush {
  private final class Progress: Sendable {
    enum Stage: Int {
      case growing, complete, abandoned
    }

    let stage = Atomic<Int>(Stage.growing.rawValue)
  }

  private static let pauseMicroseconds: UInt32 = 20_000

  private let progress = Progress()
  private let work: BackgroundWork<Int32>

  /// - Parameter file: stays open as long as this object is there.
  init(_ file: Int32) {
    let progress = progress
    work = BackgroundWork {
      while true {
        switch Progress.Stage(rawValue: progress.stage.load(ordering: .acquiring)) {
        case .growing:
          // The system tells an error once, so the first one is the result.
          if fdatasync(file) != 0 { return errno }
          usleep(BackgroundFlush.pauseMicroseconds)
        case .complete: return fsync(file) == 0 ? 0 : errno
        case .abandoned, nil: return 0
        }
      }
    }
  }

  deinit {
    enter(.abandoned)
  }

  /// Says that no further byte comes: the rest is flushed from now on.
  func complete() { enter(.complete) }

  /// - Returns: 0 once all bytes are on the disk, else the system's `errno`.
  func wait() -> Int32 {
    complete()
    return work.wait()
  }

  /// Leads on from growing; what was entered stays.
  private func enter(_ stage: Progress.Stage) {
    _ = progress.stage.compareExchange(
      expected: Progress.Stage.growing.rawValue, desired: stage.rawValue, ordering: .releasing)
  }
}
