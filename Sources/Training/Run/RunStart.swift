internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import PairData

/// What a run begins or goes on with: all that its recipe names opened, every number in its place.
struct RunStart {
  /// Where it goes on; nothing where it begins.
  let point: ResumePoint?
  /// What changed in the recipe since then.
  let changes: [RecipeDifference]
  let preparation: RunPreparation
  let optimizer: AdamWUpdate
  let average: WeightAverage?
  let state: RunState
  /// What to tell the user: damaged checkpoints that were passed over.
  private(set) var notes: [String] = []

  /// - Parameter folder: of the run's checkpoints.
  /// - Throws: also what is wrong with the newest checkpoint, where there are some and none is
  ///   whole: starting anew would be a loss that nobody asked for.
  init(
    _ recipe: Recipe, _ mode: ResumeMode, in folder: String, prober: String?
  ) throws(ModelError) {
    switch mode {
    case .never:
      try self.init(recipe, from: nil, prober: prober)
    case .checkpoint(let path):
      try self.init(recipe, from: try ResumePoint(path: path, prober: prober), prober: prober)
    case .auto:
      let (start, refused) = try CheckpointFolder.withNewest(in: folder) {
        (reader) throws(ModelError) in
        try RunStart(recipe, from: try ResumePoint(reader), prober: prober)
      }
      if let start {
        self = start
      } else {
        if let first = refused.first { throw .checkpoint(first) }
        try self.init(recipe, from: nil, prober: prober)
      }
      notes = refused.map { "Passed over a checkpoint. \($0)" }
    }
  }

  private init(_ recipe: Recipe, from point: ResumePoint?, prober: String?) throws(ModelError) {
    self.point = point
    changes = try point?.requireSameRun(recipe) ?? []
    preparation = try RunPreparation(recipe, resuming: point?.reader, prober: prober)
    var state = point?.state ?? RunState()
    state.dataFingerprint = preparation.pairs.fingerprint
    state.teacherSHA256 = preparation.teacher?.sha256 ?? ""
    self.state = state
    try point?.requireInputs(of: preparation)
    optimizer = preparation.makeOptimizer()
    average = preparation.makeAverage()
    try point?.restore(preparation.loaded, optimizer, average: average)
  }
}
