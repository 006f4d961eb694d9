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

  /// Calls all bodies in turn until the time is used up, three rounds at least, the first not
  /// counted.
  ///
  /// - Parameter bodies: each returns what it took, in seconds; several figures where it has them.
  /// - Returns: for each body, the smallest of each of its figures.
  static func fastest(seconds: Double, _ bodies: [() -> [Double]]) -> [[Double]] {
    for body in bodies { _ = body() }
    var best = bodies.map { $0() }
    let start = nanoseconds()
    var round = 1
    while round < 3 || Double(nanoseconds() - start) * 1e-9 < seconds {
      for (index, body) in bodies.enumerated() {
        best[index] = zip(best[index], body()).map { min($0, $1) }
      }
      round += 1
    }
    return best
  }
}
