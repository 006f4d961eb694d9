public import DurableFiles
internal import Glibc

/// The checkpoints of one run: `step-00001200.h5` and the links `last.h5` and `best.h5`.
///
/// One process at a time owns the folder, from its making to its release.
public final class CheckpointFolder: Sendable {
  private static let lockName = ".lock"

  public let path: String
  private let lock: FileLock

  /// Makes the folder where it is missing, takes its lock, and removes what a killed run left.
  ///
  /// - Parameters:
  ///   - root: where `checkpoints/` lies.
  ///   - run: one component of a path, so that a recipe cannot lead out of the root.
  public init(root: String, run: String) throws(FileError) {
    path = "\(root)/checkpoints/\(run)"
    guard !run.isEmpty, !run.hasPrefix("."), !run.utf8.contains(where: { $0 == 0x2F || $0 == 0 })
    else {
      throw FileError(
        .create, path: path, code: EINVAL, problem: "`\(run)` cannot be the name of a folder")
    }
    try Folder.create(path)
    lock = try FileLock("\(path)/\(Self.lockName)")
    try AtomicFile.sweepTemporaries(in: path)
  }

  public func path(ofStep step: Int) -> String { "\(path)/\(Self.name(ofStep: step))" }

  public static func name(ofStep step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".h5"
  }

  /// The steps that have a checkpoint, in order.
  public static func steps(in folder: String) -> [Int] {
    let names = (try? Folder.names(in: folder)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(".h5") else { return nil }
      let step = Int(name.dropFirst(5).dropLast(3))
      return step.flatMap { $0 >= 0 && Self.name(ofStep: $0) == name ? $0 : nil }
    }.sorted()
  }

  /// Makes use of the newest checkpoint of a run's folder that is whole.
  ///
  /// - Parameter body: reads as much of it as it needs and fails where that is damaged. Where it
  ///   fails, all of the file is verified: an error with a whole one is thrown on, a damaged one is
  ///   passed over, whatever the error was.
  /// - Returns: what came of it, nothing where no file is whole, and why newer ones are not.
  public static func withNewest<Result, Failure: Error>(
    in folder: String, _ body: (CheckpointReader) throws(Failure) -> Result
  ) throws(Failure) -> (result: Result?, refused: [CheckpointError]) {
    var refused: [CheckpointError] = []
    for step in steps(in: folder).reversed() {
      let path = "\(folder)/\(name(ofStep: step))"
      let reader: CheckpointReader
      do throws(CheckpointError) {
        reader = try CheckpointReader(path)
      } catch {
        refused.append(error)
        continue
      }
      do throws(Failure) {
        return (try body(reader), refused)
      } catch {
        guard let finding = CheckpointReader.verify(path).first else { throw error }
        refused.append(finding)
      }
    }
    return (nil, refused)
  }

  /// After a checkpoint was written: links to it, and deletes what need not be kept.
  ///
  /// - Parameters:
  ///   - step: that of a checkpoint that ``CheckpointWriter`` wrote, hence verified.
  ///   - keep: how many of the newest stay; the best one stays besides.
  /// - Throws: ``FileError``; a checkpoint that could not be deleted is named after all others are.
  public func adopt(step: Int, isBest: Bool, keep: Int) throws(FileError) {
    let name = Self.name(ofStep: step)
    guard FileContents.exists(path(ofStep: step)) else {
      throw FileError(.link, path: path(ofStep: step), code: ENOENT)
    }
    try AtomicLink.replace("\(path)/last.h5", target: name)
    if isBest { try AtomicLink.replace("\(path)/best.h5", target: name) }
    let best = AtomicLink.target(of: "\(path)/best.h5")
    let older = Self.steps(in: path).filter { $0 <= step }
    var failure: FileError?
    for stale in older.dropLast(max(1, keep)) where Self.name(ofStep: stale) != best {
      if unlink(path(ofStep: stale)) != 0, errno != ENOENT {
        failure = failure ?? FileError(.remove, path: path(ofStep: stale), code: errno)
      }
    }
    if let failure { throw failure }
  }

  /// Before a run goes on from one of its checkpoints: what is later, given up or damaged, is set
  /// aside, and the links lead to where they led at that step.
  ///
  /// - Returns: where what was later is now, or `nil` where there was nothing.
  public func rewind(to step: Int, bestStep: Int) throws(FileError) -> String? {
    let target = try setAside(after: step)
    for (link, step) in [("last", step), ("best", bestStep)]
    where FileContents.exists(path(ofStep: step)) {
      try AtomicLink.replace("\(path)/\(link).h5", target: Self.name(ofStep: step))
    }
    return target
  }

  /// Removes the folder where nothing was ever put into it; its lock goes with it.
  public func removeIfUnused() {
    guard (try? Folder.names(in: path)) == [Self.lockName] else { return }
    // What somebody puts there meanwhile keeps the folder.
    unlink("\(path)/\(Self.lockName)")
    rmdir(path)
  }

  /// Moves checkpoints out of the way, all of them before a new run of the same name.
  ///
  /// - Parameter step: checkpoints up to this one stay.
  /// - Returns: where the others are now, or `nil` where there were none.
  public func setAside(after step: Int = -1) throws(FileError) -> String? {
    let steps = Self.steps(in: path)
    let staying = steps.filter { $0 <= step }.map(Self.name(ofStep:))
    let leaving = steps.filter { $0 > step }.map(Self.name(ofStep:))
    guard !leaving.isEmpty else { return nil }
    var number = 1
    while FileContents.exists("\(path)/old-\(number)") { number += 1 }
    let target = "\(path)/old-\(number)"
    try Folder.create(target)
    // Links first, so that none ever points to nothing.
    let links = ["last.h5", "best.h5"].filter { link in
      AtomicLink.target(of: "\(path)/\(link)").map { !staying.contains($0) } ?? false
    }
    for name in links + leaving where rename("\(path)/\(name)", "\(target)/\(name)") != 0 {
      throw FileError(.publish, path: "\(target)/\(name)", code: errno)
    }
    try Folder.flush(target)
    try Folder.flush(path)
    return target
  }
}
