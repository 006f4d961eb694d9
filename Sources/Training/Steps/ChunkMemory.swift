internal import Autodiff

/// How a memory budget is spent on the chunks of two towers.
///
/// One chunk of each tower has to fit. Where both do not as they are, trained towers keep only what
/// enters and leaves their blocks and compute the blocks again before their gradient (gradient
/// checkpointing, ``RecomputationPolicy/segments``), the one that saves more first. What is left
/// keeps chunks between the two passes. Nothing of this changes a bit of the result.
struct ChunkMemory {
  /// What a step makes of a tower's chunks.
  enum Role {
    /// They are encoded, and a gradient is taken; as many are kept as fit.
    case trained
    /// They are encoded one after the other; nothing is kept.
    case locked
    /// The embeddings are given: no chunk takes part.
    case given
  }

  /// One tower's plans of a chunk.
  struct Tower {
    let plan: Plan
    let role: Role
    /// Whether the plan computes blocks again.
    let isRecomputing: Bool

    /// What a chunk takes.
    var chunkBytes: Int { role == .given ? 0 : plan.arenaByteCount }
  }

  /// A number for each tower.
  struct Counts: Equatable {
    var image: Int
    var text: Int
  }

  let image: Tower
  let text: Tower
  /// What one chunk of each tower takes at least.
  let smallestBudgetBytes: Int
  private let budgetBytes: Int

  /// - Parameters:
  ///   - given: the towers whose embeddings come with every batch.
  ///   - image: the plan of a chunk of pictures under a policy.
  ///   - text: the same of a chunk of captions.
  init(
    budgetBytes: Int, given: (image: Bool, text: Bool) = (false, false),
    image: (RecomputationPolicy) -> Plan, text: (RecomputationPolicy) -> Plan
  ) {
    self.budgetBytes = budgetBytes
    var candidates = [
      Candidate(image, isGiven: given.image), Candidate(text, isGiven: given.text),
    ]
    smallestBudgetBytes = candidates.reduce(0) { $0 + $1.smallestBytes }
    // Savings in order; a plan that saves nothing is never taken.
    for index in candidates.indices.sorted(by: { candidates[$0].saving > candidates[$1].saving })
    where candidates.reduce(0, { $0 + $1.tower.chunkBytes }) > budgetBytes
      && candidates[index].saving > 0
    {
      candidates[index].isRecomputing = true
    }
    self.image = candidates[0].tower
    self.text = candidates[1].tower
  }

  /// How many programs each tower has for so many chunks; each but the last keeps one chunk, and
  /// the last works through the others.
  ///
  /// Each tower has half of the budget, and what the other leaves of its own.
  ///
  /// - Parameters:
  ///   - chunks: those of a batch.
  ///   - held: programs that there are already; no tower gets fewer.
  func programs(for chunks: Counts, held: Counts = Counts(image: 1, text: 1)) -> Counts {
    let wanted = Counts(
      image: image.role == .trained ? max(1, chunks.image) : 1,
      text: text.role == .trained ? max(1, chunks.text) : 1)
    var counts = held
    func grow(_ tower: Tower, _ count: WritableKeyPath<Counts, Int>, within bytes: Int) {
      guard tower.chunkBytes > 0 else { return }
      let taken = counts.image * image.chunkBytes + counts.text * text.chunkBytes
      let own = counts[keyPath: count]
      let more = min(bytes - own * tower.chunkBytes, budgetBytes - taken) / tower.chunkBytes
      counts[keyPath: count] = max(own, min(wanted[keyPath: count], own + more))
    }
    for share in [budgetBytes / 2, budgetBytes] {
      grow(image, \.image, within: share)
      grow(text, \.text, within: share)
    }
    return counts
  }

  /// A tower before it is decided what its plan keeps.
  private struct Candidate {
    private let role: Role
    private let keeping: Plan
    /// Nothing for a tower that is not trained, which keeps nothing.
    private let recomputing: Plan?
    var isRecomputing = false

    init(_ plan: (RecomputationPolicy) -> Plan, isGiven: Bool) {
      keeping = plan(.none)
      role = isGiven ? .given : keeping.gradients.isEmpty ? .locked : .trained
      recomputing = role == .trained ? plan(.segments) : nil
    }

    var tower: Tower {
      Tower(
        plan: isRecomputing ? recomputing ?? keeping : keeping, role: role,
        isRecomputing: isRecomputing)
    }
    var saving: Int { recomputing.map { keeping.arenaByteCount - $0.arenaByteCount } ?? 0 }
    var smallestBytes: Int {
      role == .given ? 0 : keeping.arenaByteCount - max(0, saving)
    }
  }
}
