internal import Autodiff

/// How a memory budget is spent on the chunks of two towers.
///
/// One chunk of each tower has to fit. Where both do not as they are, towers keep only what enters
/// and leaves their blocks and compute the blocks again before their gradient (gradient
/// checkpointing, ``RecomputationPolicy/segments``), the one that saves more first. What is left
/// keeps chunks between the two passes. Nothing of this changes a bit of the result.
struct ChunkMemory {
  /// One tower's plans of a chunk.
  struct Tower {
    let plan: Plan
    /// Whether the plan computes blocks again.
    let isRecomputing: Bool
    /// How many chunks may keep their activations.
    let keptLimit: Int
  }

  let image: Tower
  let text: Tower
  /// What one chunk of each tower takes at least.
  let smallestBudgetBytes: Int

  /// - Parameters:
  ///   - image: the plan of a chunk of pictures under a policy.
  ///   - text: the same of a chunk of captions.
  init(
    budgetBytes: Int, image: (RecomputationPolicy) -> Plan, text: (RecomputationPolicy) -> Plan
  ) {
    var candidates = [Candidate(image), Candidate(text)]
    smallestBudgetBytes = candidates.reduce(0) { $0 + $1.smallestBytes }
    // Savings in order; a plan that saves nothing is never taken.
    for index in candidates.indices.sorted(by: { candidates[$0].saving > candidates[$1].saving })
    where candidates.reduce(0, { $0 + $1.bytes }) > budgetBytes && candidates[index].saving > 0 {
      candidates[index].isRecomputing = true
    }
    func tower(_ candidate: Candidate, beside other: Candidate) -> Tower {
      let half = budgetBytes / 2
      // Each has half of it, and more where the other's only chunk takes more than its own half.
      let room =
        !other.isTrained ? budgetBytes : other.bytes > half ? budgetBytes - other.bytes : half
      return Tower(
        plan: candidate.plan, isRecomputing: candidate.isRecomputing,
        keptLimit: candidate.isTrained ? max(1, room / max(1, candidate.bytes)) : 1)
    }
    self.image = tower(candidates[0], beside: candidates[1])
    self.text = tower(candidates[1], beside: candidates[0])
  }

  /// A tower before it is decided what its plan keeps.
  private struct Candidate {
    private let keeping: Plan
    /// Nothing for a tower that is not trained, which keeps nothing.
    private let recomputing: Plan?
    var isRecomputing = false

    init(_ plan: (RecomputationPolicy) -> Plan) {
      keeping = plan(.none)
      recomputing = keeping.gradients.isEmpty ? nil : plan(.segments)
    }

    var isTrained: Bool { recomputing != nil }
    var plan: Plan { isRecomputing ? recomputing ?? keeping : keeping }
    /// What a chunk keeps between the two passes: of a locked tower nothing.
    var bytes: Int { isTrained ? plan.arenaByteCount : 0 }
    var saving: Int { recomputing.map { keeping.arenaByteCount - $0.arenaByteCount } ?? 0 }
    var smallestBytes: Int { isTrained ? keeping.arenaByteCount - max(0, saving) : 0 }
  }
}
