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
    guard let point = try ResumePoint.find(resume, in: folder, prober: prober) else { return nil }
    _ = try point.requireSameRun(recipe)
    return "The run would go on after step \(point.state.step) from \(point.reader.path)\n"
  }
}
