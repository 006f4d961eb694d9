internal import DurableFiles
internal import Glibc

/// Where a run leaves what it makes: `checkpoints/<run>` and `logs/<run>` below a root.
struct RunFolders {
  let root: String
  let run: String

  var checkpoints: String { "\(root)/checkpoints/\(run)" }
  var logs: String { "\(root)/logs/\(run)" }

  /// Moves the logs of an earlier run of this name to `old-1`, `old-2` and so on beside the new
  /// ones, where TensorBoard shows them as runs of their own.
  ///
  /// - Returns: where they are now, or `nil` where there were none.
  func setLogsAside() throws(FileError) -> String? {
    let names = try Folder.names(in: logs).filter { !$0.hasPrefix("old-") }
    guard !names.isEmpty else { return nil }
    var number = 1
    while FileContents.exists("\(logs)/old-\(number)") { number += 1 }
    let target = "\(logs)/old-\(number)"
    try Folder.create(target)
    for name in names where rename("\(logs)/\(name)", "\(target)/\(name)") != 0 {
      throw FileError(.publish, path: "\(target)/\(name)", code: errno)
    }
    return target
  }
}
