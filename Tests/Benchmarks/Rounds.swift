internal import Glibc

/// Times several things in turn, so that all see the same disturbances, and keeps the fastest.
enum Rounds {
  static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// The seconds that one call takes.
  static func seconds(_ body: () -> Void) -> Double {
    let start = nanoseconds()
    body()
    return Double(nanoseconds() - start) * 1e-9
  }

  /// The seconds that one call takes of all processors together, the system's included.
  static func processorSeconds(_ body: () -> Void) -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let start = now()
    body()
    return now() - start
  }

  /// How long a body has its turn at least: threads that slept in another's turn may wake on one
  /// core, and take some milliseconds to part.
  private static let shortestTurn = 0.02

  /// Calls all bodies in turn until the time is used up, three rounds at least, the first not
  /// counted. A short body is called several times in its turn.
  ///
  /// - Parameter bodies: each returns what it took, in seconds; several figures where it has them.
  /// - Returns: for each body, the smallest of each of its figures.
  static func fastest(seconds: Double, _ bodies: [() -> [Double]]) -> [[Double]] {
    for body in bodies { _ = body() }
    var best = bodies.map(turn)
    let start = nanoseconds()
    var round = 1
    while round < 3 || elapsed(since: start) < seconds {
      for (index, body) in bodies.enumerated() { best[index].keepSmaller(turn(of: body)) }
      round += 1
    }
    return best
  }

  private static func turn(of body: () -> [Double]) -> [Double] {
    let start = nanoseconds()
    var best = body()
    while elapsed(since: start) < shortestTurn { best.keepSmaller(body()) }
    return best
  }

  private static func elapsed(since start: UInt64) -> Double {
    Double(nanoseconds() - start) * 1e-9
  }
}

extension [Double] {
  fileprivate mutating func keepSmaller(_ others: [Double]) {
    self = zip(self, others).map { Swift.min($0, $1) }
  }
}
