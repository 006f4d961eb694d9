internal import Checkpoints

extension RunPlan {
  /// Where the run would go on.
  ///
  /// - Returns: a line that says so; nothing where it would begin.
  /// - Throws: what would keep it from going on.
  public static func startingPoint(
    of recipe: Recipe, root: String, resume: ResumeMode, prober: String? = nil
  ) throws(ModelError) -> String? {
    let folder = RunFolders(root: root, run: recipe.run).checkpoints
    guard let point = try verified(resume, in: folder, prober: prober) else { return nil }
    _ = try point.requireSameRun(recipe)
    return "The run would go on after step \(point.state.step) from \(point.reader.path)\n"
  }

  /// The checkpoint that `RunStart` would go on from, as whole as that one would find it.
  private static func verified(
    _ mode: ResumeMode, in folder: String, prober: String?
  ) throws(ModelError) -> ResumePoint? {
    switch mode {
    case .never: return nil
    case .checkpoint(let path):
      return try ResumePoint(try UserCheckpoint.verified(path, prober: prober))
    case .auto:
      let (point, refused) = try CheckpointFolder.withNewest(in: folder) {
        (reader) throws(ModelError) in
        try reader.requireWhole()
        return try ResumePoint(reader)
      }
      if let point { return point }
      if let first = refused.first { throw .checkpoint(first) }
      return nil
    }
  }
}
