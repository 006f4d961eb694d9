internal import Checkpoints

/// What the process does that tries a checkpoint from elsewhere before anyone relies on it.
public enum CheckpointProbe {
  /// The hidden subcommand that this process is started with.
  public static let subcommand = "probe-hdf5"

  /// Reads the whole file under limits that stay with the process.
  ///
  /// - Returns: the code to exit with. What is wrong goes to standard output.
  public static func run(_ path: String) -> Int32 { HostileFileProbe.run(path) }
}
