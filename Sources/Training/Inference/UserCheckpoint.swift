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

  /// Opens a whole file, verified by the prober, or here where there is none.
  static func verified(_ path: String, prober: String?) throws(ModelError) -> CheckpointReader {
    if let prober { return try open(path, prober: prober) }
    do throws(CheckpointError) {
      let reader = try CheckpointReader(path)
      if let finding = try reader.verify().first { throw finding }
      return reader
    } catch {
      throw .checkpoint(error)
    }
  }
}
