internal import Checkpoints
internal import DurableFiles

/// A run that left checkpoints, found by its name, its folder or one of its files.
public struct RunOnDisk: Sendable {
  /// The recipe that it was begun with, or last gone on with.
  public let recipe: Recipe
  /// Where its `checkpoints/` and `logs/` lie.
  public let root: String
  public let resume: ResumeMode

  /// - Parameters:
  ///   - place: a checkpoint file, a run's folder, or the name of a run below `root`.
  ///   - root: where the run goes on; nothing takes the place where its checkpoints lie, if that
  ///     is a root's `checkpoints/<run>`, else the working folder.
  ///   - prober: see ``Trainer``.
  public init(_ place: String, root: String?, prober: String? = nil) throws(ModelError) {
    let named = "\(root ?? ".")/checkpoints/\(place)"
    let isNamed = !place.contains("/") && !FileContents.exists(place) && Folder.exists(named)
    let path = isNamed ? named : place
    if Folder.exists(path) {
      // Its tensors are read, and compared with their digests, when the run goes on.
      let (found, refused) = try CheckpointFolder.withNewest(in: path) {
        (reader) throws(ModelError) in try ResumePoint(reader).recipe()
      }
      guard let found else {
        if let first = refused.first { throw .checkpoint(first) }
        throw .mismatch(
          found: "\(path) has no checkpoint", expected: "A run's folder was expected",
          advice: "Begin the run with `duiqi train`.")
      }
      (recipe, resume) = (found, .auto)
    } else {
      recipe = try ResumePoint(path: path, prober: prober).recipe()
      resume = .checkpoint(path: path)
    }
    let folder = Folder.exists(path) ? path : Folder.parent(of: path)
    self.root = root ?? Self.root(ofRunFolder: folder, run: recipe.run) ?? "."
  }

  private static func root(ofRunFolder folder: String, run: String) -> String? {
    let above = Folder.parent(of: folder)
    guard Folder.lastName(of: folder) == run, Folder.lastName(of: above) == "checkpoints" else {
      return nil
    }
    return above == "checkpoints" ? "." : Folder.parent(of: above)
  }
}
