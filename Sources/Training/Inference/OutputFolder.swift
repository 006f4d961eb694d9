internal import DurableFiles

/// A folder that a command leaves its result in: one result, and nothing of others beside it.
enum OutputFolder {
  /// Makes the folder where it is missing.
  ///
  /// Hidden files are passed over: killed processes and other systems leave some anywhere.
  ///
  /// - Parameters:
  ///   - names: all that a result of the command can consist of.
  ///   - command: as the user calls it.
  /// - Throws: `mismatch` where something else is in the folder, which then stays as it is.
  static func make(
    _ path: String, for names: [String], of command: String
  ) throws(ModelError) {
    let found: [String]
    do throws(FileError) {
      try Folder.create(path)
      found = try Folder.names(in: path)
    } catch {
      throw .file(error)
    }
    if let other = found.first(where: { !$0.hasPrefix(".") && !names.contains($0) }) {
      throw .mismatch(
        found: "\(path) has \(other), which `duiqi \(command)` did not write",
        expected: "An empty folder, or an earlier result of the same command, was expected",
        advice: "Give another folder as --output.")
    }
  }
}
