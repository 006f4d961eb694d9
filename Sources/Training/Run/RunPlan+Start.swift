internal import Checkpoints

extension RunPlan {
  /// Where a run would go on.
  public struct Start: Sendable, Equatable {
    /// The checkpoint.
    public let path: String
    /// The last step that it holds.
    public let step: Int
    /// Whether no step is left to take.
    public let hasEnded: Bool
  }

  /// Finds what would keep a run from going on, as going on would.
  ///
  /// - Parameter changes: of the recipe since the checkpoint.
  static func start(
    at point: ResumePoint, _ changes: [RecipeDifference], of preparation: RunPreparation
  ) throws(ModelError) -> Start {
    try point.requireInputs(of: preparation)
    var state = point.state
    _ = Trainer.adapt(&state, to: preparation, changes)
    return Start(
      path: point.reader.path, step: state.step,
      hasEnded: state.isOver(totalSteps: preparation.totalSteps))
  }

  /// The checkpoint that `RunStart` would go on from, as whole as that one would find it.
  static func point(
    of recipe: Recipe, root: String, resume mode: ResumeMode, prober: String?
  ) throws(ModelError) -> ResumePoint? {
    switch mode {
    case .never: return nil
    case .checkpoint(let path):
      return try ResumePoint(try UserCheckpoint.verified(path, prober: prober))
    case .auto:
      let folder = RunFolders(root: root, run: recipe.run).checkpoints
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

extension RunPlan.Start: CustomStringConvertible {
  public var description: String {
    hasEnded
      ? "The run has ended already, after step \(step): \(path)"
      : "The run would go on after step \(step) from \(path)"
  }

  var json: JSONText {
    .object([
      ("checkpoint", .text(path)), ("step", .integer(step)), ("has_ended", .boolean(hasEnded)),
    ])
  }
}
