internal import Checkpoints
internal import DurableFiles
internal import Glibc

/// Checkpoints that someone named: they may come from anywhere.
enum UserCheckpoint {
  /// The checkpoint that a run's folder is named for: its best one, or the last where no validation
  /// chose one; nothing for what is no such folder.
  static func chosen(inRunFolder path: String) -> String? {
    guard Folder.exists(path) else { return nil }
    return ["best.h5", "last.h5"].map { "\(path)/\($0)" }.first(where: FileContents.exists)
  }

  /// The file that someone means by a file or by a run's folder.
  static func file(_ path: String) throws(ModelError) -> String {
    guard Folder.exists(path) else { return path }
    guard let chosen = chosen(inRunFolder: path) else {
      throw .file(
        FileError(
          .open, path: path, code: EISDIR,
          problem: "it is a folder with neither best.h5 nor last.h5, so none of a run"))
    }
    return chosen
  }

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

  /// Opens a whole file, or the one that a run's folder is named for, verified by the prober, or
  /// here where there is none.
  static func verified(_ path: String, prober: String?) throws(ModelError) -> CheckpointReader {
    let reader = try opened(path, prober: prober)
    if prober == nil { try reader.requireWhole() }
    return reader
  }

  /// The same for someone who reads all of it at once and verifies it on the way.
  static func opened(_ path: String, prober: String?) throws(ModelError) -> CheckpointReader {
    let path = try file(path)
    if let prober { return try open(path, prober: prober) }
    do throws(CheckpointError) {
      return try CheckpointReader(path)
    } catch {
      throw .checkpoint(error)
    }
  }
}

extension CheckpointReader {
  /// - Throws: what is wrong first, by all digests.
  func requireWhole() throws(ModelError) {
    do throws(CheckpointError) {
      if let finding = try verify().first { throw finding }
    } catch {
      throw .checkpoint(error)
    }
  }
}
