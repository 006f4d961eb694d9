import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing

@testable import Training

/// A memory budget decides what is kept, what is encoded twice and what is computed again.
@Suite struct ChunkMemoryTests {
  static let model = DualEncoder(MiniatureModel.configuration)

  private func memory(_ budget: Int, trained: [Parameter] = model.parameters) -> ChunkMemory {
    ChunkMemory(budgetBytes: budget) {
      EncoderPlans.image(Self.model, imagesPerChunk: 8, trained: trained, recomputation: $0)
    } text: {
      EncoderPlans.text(
        Self.model, tokensPerChunk: 100, sequencesPerChunk: 12, dropout: 0.1, trained: trained,
        recomputation: $0)
    }
  }

  @Test func `what fits is kept, half a budget for each tower`() {
    let large = memory(1 << 30)
    #expect(!large.image.isRecomputing && !large.text.isRecomputing)
    #expect(large.image.keptLimit == (1 << 29) / large.image.plan.arenaByteCount)
    #expect(large.text.keptLimit == (1 << 29) / large.text.plan.arenaByteCount)
    #expect(large.image.keptLimit > 1 && large.text.keptLimit > 1)
  }

  @Test func `a budget that is met is met, down to the smallest one`() {
    let whole = memory(1 << 30)
    let (image, text) = (whole.image.plan.arenaByteCount, whole.text.plan.arenaByteCount)
    var seen: Set<[Bool]> = []
    let end = 3 * (image + text)
    for budget in stride(from: whole.smallestBudgetBytes, through: end, by: end / 60) {
      let memory = memory(budget)
      let taken = [memory.image, memory.text].reduce(0) {
        $0 + $1.keptLimit * $1.plan.arenaByteCount
      }
      #expect(taken <= budget)
      seen.insert([memory.image.isRecomputing, memory.text.isRecomputing])
    }
    // Both, the one that saves more, none.
    #expect(seen.count == 3)
    #expect(whole.smallestBudgetBytes < image + text)
    let less = memory(whole.smallestBudgetBytes - 1)
    #expect(less.image.keptLimit == 1 && less.text.keptLimit == 1)
    #expect(less.image.isRecomputing && less.text.isRecomputing)
  }

  @Test func `a locked tower takes nothing of the budget`() {
    let text = Self.model.text.parameters
    let whole = memory(1 << 30, trained: text)
    #expect(whole.text.keptLimit == (1 << 30) / whole.text.plan.arenaByteCount)
    let tight = memory(whole.text.plan.arenaByteCount, trained: text)
    #expect(!tight.text.isRecomputing && !tight.image.isRecomputing)
    #expect(memory(whole.text.plan.arenaByteCount - 1, trained: text).text.isRecomputing)
    #expect(whole.smallestBudgetBytes < whole.text.plan.arenaByteCount)
  }
}
