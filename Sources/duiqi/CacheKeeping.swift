internal import Training

/// Whether files keep what `duiqi cache` encodes, and what is said of it.
final class CacheKeeping {
  private let console: ConsoleOptions
  /// Why something is not kept; each reason once.
  private var refusals: [String] = []
  private var hasKept = false

  init(_ console: ConsoleOptions) { self.console = console }

  /// Says at once what takes hours for nothing.
  var listener: CachingListener {
    CachingListener(tell: console.note) { [self] refusal in
      let reason = "\(refusal)"
      guard !refusals.contains(reason) else { return }
      refusals.append(reason)
      console.note("not kept: \(reason)")
    }
  }

  func add(_ progress: CachingProgress) { hasKept = hasKept || progress.isKept }

  /// What is said where a signal stopped the command.
  var stopNote: String {
    guard let reason = refusals.first else {
      return "stopped; what was encoded is kept. Give the same command again to go on"
    }
    return "stopped; \(hasKept ? "not all that was encoded" : "nothing") is kept: \(reason)"
  }
}
