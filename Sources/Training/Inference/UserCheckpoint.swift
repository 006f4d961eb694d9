internal import Checkpoints

/// Checkpoints that someone named: they may come from anywhere.
enum UserCheckpoint {
  /// Opens a file after another process has read all of it and found nothing wrong.
  ///
  /// - Parameter prober: the program that is started with `probe-hdf5 FILE`.
  static func open(
    _ path: String, prober: String = "/proc/self/exe"
  ) throws(ModelError) -> CheckpointReader {
    do throws(CheckpointError) {
      try HostileFileProbe.check(
        path, executable: prober, arguments: [CheckpointProbe.subcommand])
      return try CheckpointReader(path)
    } catch {
      throw .checkpoint(error)
    }
  }
}
