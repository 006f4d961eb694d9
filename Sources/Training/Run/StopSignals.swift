internal import Glibc
internal import Synchronization

/// SIGINT and SIGTERM as a flag, read between steps and between the batches of longer work:
/// validation, encoding with a locked tower, commands.
///
/// The first signal asks for a checkpoint and an orderly end; a second one of either kind ends
/// the process at once, which loses nothing that was published. SIGHUP counts as SIGTERM, and
/// SIGPIPE is ignored: a closed log pipe must not end a run.
public enum StopSignals {
  private static let received = Atomic<Int32>(0)

  public static func install() {
    let handler: @convention(c) (Int32) -> Void = { signal in
      let number = signal == SIGHUP ? SIGTERM : signal
      let first = StopSignals.received.compareExchange(
        expected: 0, desired: number, ordering: .relaxed
      ).exchanged
      if !first { _exit(128 + number) }
    }
    for signal in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = handler
      sigemptyset(&action.sa_mask)
      sigaction(signal, &action, nil)
    }
    signal(SIGPIPE, SIG_IGN)
  }

  /// The signal that asked for a stop, if one did.
  public static var pending: Int32? {
    let signal = received.load(ordering: .relaxed)
    return signal == 0 ? nil : signal
  }
}
