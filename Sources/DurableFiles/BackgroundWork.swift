internal import Glibc
internal import Synchronization

/// One piece of work on a thread of its own.
///
///     let work = BackgroundWork { SHA256.digest(bytes) }
///     let digest = work.wait()
///
/// Work that blocks belongs here rather than in a task: all tasks share a few threads. Stop signals
/// go to other threads, and where the system has no thread left the work is done at once. An object
/// that is let go waits first, so that what the work uses may go with it.
public final class BackgroundWork<Result: Sendable>: Sendable {
  private final class Outcome: Sendable {
    let value = Mutex<Result?>(nil)
  }

  private let outcome = Outcome()
  /// Until it was joined.
  private let thread: Mutex<pthread_t?>

  /// - Parameter niceness: how far the work stands back where others want the processor, up to 19;
  ///   never less than its maker does.
  public init(niceness: Int32 = 0, _ body: @escaping @Sendable () -> Result) {
    let outcome = outcome
    thread = Mutex(
      BackgroundThread.start {
        // Of this thread alone; a refusal only costs others some time.
        let thread = Int32(PRIO_PROCESS.rawValue)
        if niceness > getpriority(thread, 0) { _ = setpriority(thread, 0, niceness) }
        let result = body()
        outcome.value.withLock { $0 = result }
      })
  }

  deinit {
    join()
  }

  public var isFinished: Bool { outcome.value.withLock { $0 != nil } }

  /// Waits for the end. - Returns: the result, however often it is asked for.
  public func wait() -> Result {
    join()
    guard let result = outcome.value.withLock({ $0 }) else {
      preconditionFailure("A thread that was joined has left its result.")
    }
    return result
  }

  private func join() {
    thread.withLock { thread in
      if let running = thread { pthread_join(running, nil) }
      thread = nil
    }
  }
}

/// Starting a thread, apart from the generic type because C's function pointers cannot be generic.
private enum BackgroundThread {
  private final class Job {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// - Returns: the thread; nothing where `body` was run here instead.
  static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
    let job = Unmanaged.passRetained(Job(body))
    var (stops, before) = (sigset_t(), sigset_t())
    sigemptyset(&stops)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&stops, signal) }
    // A new thread has its maker's mask.
    pthread_sigmask(SIG_BLOCK, &stops, &before)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, job.toOpaque())
    pthread_sigmask(SIG_SETMASK, &before, nil)
    guard code != 0 else { return thread }
    job.takeRetainedValue().body()
    return nil
  }
}
