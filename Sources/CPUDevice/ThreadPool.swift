internal import CKernels

/// Threads that run the loops inside one operation; the calling thread takes part.
///
/// Which thread runs a task is chance, so results must not depend on it: tasks write to disjoint
/// places, and how sums are cut into tasks depends on their size alone, never on `threadCount`.
///
/// Safety of `@unchecked Sendable`: the C pool hands a job to its workers with release and acquire
/// and returns after every worker has checked in; `run` is called by one program at a time, which
/// the non-Sendable program objects of one training loop guarantee.
public final class ThreadPool: @unchecked Sendable {
  /// What was asked for, or what the system gave.
  public let threadCount: Int
  private let pool: OpaquePointer

  /// - Parameter threadCount: as many are started, or as many as the system lets start: a container
  ///   may have a limit, and the number of threads changes no result.
  public init(threadCount: Int) {
    precondition(threadCount >= 1, "A pool has at least the calling thread.")
    for count in stride(from: threadCount, through: 1, by: -1) {
      guard let pool = dq_thread_pool_create(Int64(count)) else { continue }
      self.threadCount = count
      self.pool = pool
      return
    }
    fatalError("There is no memory for a pool of one thread.")
  }

  deinit {
    dq_thread_pool_destroy(pool)
  }

  /// The place of the calling thread, below `threadCount`, while it runs a task.
  static var threadNumber: Int { Int(dq_thread_number()) }

  /// A closure as C passes it on; by itself it would be wrapped anew, on the heap, by every task.
  private struct Job {
    let body: (Int) -> Void
  }

  /// Runs `body` for 0 ..< taskCount on all threads and returns when all are done.
  public func run(taskCount: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var job = Job(body: body)
      withUnsafeMutablePointer(to: &job) { pointer in
        dq_thread_pool_run(
          pool, Int64(taskCount),
          { context, task in context?.assumingMemoryBound(to: Job.self).pointee.body(Int(task)) },
          pointer)
      }
    }
  }

  /// Cuts 0 ..< count into ranges of `grain` (the last may be shorter) and runs them all.
  public func run(over count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    let taskCount = (count + grain - 1) / grain
    run(taskCount: taskCount) { task in
      let start = task * grain
      body(start..<min(start + grain, count))
    }
  }
}
