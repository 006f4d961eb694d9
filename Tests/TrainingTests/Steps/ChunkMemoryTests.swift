import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing

@testable import Training

/// A memory budget decides what is kept, what is encoded twice and what is computed again.
@Suite struct ChunkMemoryTests {
  static let model = DualEncoder(MiniatureModel.configuration)

  private func memory(
    _ budget: Int, trained: [Parameter] = model.parameters,
    given: (image: Bool, text: Bool) = (false, false)
  ) -> ChunkMemory {
    ChunkMemory(budgetBytes: budget, given: given) {
      EncoderPlans.image(Self.model, imagesPerChunk: 8, trained: trained, recomputation: $0)
    } text: {
      EncoderPlans.text(
        Self.model, tokensPerChunk: 100, sequencesPerChunk: 12, dropout: 0.1, trained: trained,
        recomputation: $0)
    }
  }

  private static let many = ChunkMemory.Counts(image: 1_000_000, text: 1_000_000)

  /// What programs take.
  private func bytes(_ memory: ChunkMemory, _ programs: ChunkMemory.Counts) -> Int {
    programs.image * memory.image.chunkBytes + programs.text * memory.text.chunkBytes
  }

  @Test func `what fits is kept, half a budget for each tower`() {
    let large = memory(1 << 30)
    #expect(!large.image.isRecomputing && !large.text.isRecomputing)
    let programs = large.programs(for: Self.many)
    #expect(programs.image >= (1 << 29) / large.image.chunkBytes && programs.image > 1)
    #expect(programs.text >= (1 << 29) / large.text.chunkBytes && programs.text > 1)
    // What is left holds no chunk more.
    let free = (1 << 30) - bytes(large, programs)
    #expect(free >= 0 && free < min(large.image.chunkBytes, large.text.chunkBytes))
  }

  @Test func `what one tower leaves of its half the other has`() {
    let sizes = memory(1 << 30)
    let (image, text) = (sizes.image.chunkBytes, sizes.text.chunkBytes)
    let exact = memory(7 * image + 2 * text)
    #expect(exact.programs(for: .init(image: 7, text: 2)) == .init(image: 7, text: 2))
    #expect(
      exact.programs(for: .init(image: 2, text: 1_000)).text == (5 * image + 2 * text) / text)
    let less = memory(7 * image + 2 * text - 1)
    #expect(less.programs(for: .init(image: 7, text: 2)) == .init(image: 6, text: 2))
  }

  @Test func `programs that are held already stay, and the budget is met`() {
    let sizes = memory(1 << 30)
    let (image, text) = (sizes.image.chunkBytes, sizes.text.chunkBytes)
    let memory = memory(6 * image + 3 * text)
    let held = memory.programs(for: .init(image: 6, text: 3))
    let later = memory.programs(for: .init(image: 1, text: 50), held: held)
    #expect(later.image == 6 && later.text >= 3)
    #expect(bytes(memory, later) <= 6 * image + 3 * text)
  }

  @Test func `a budget that is met is met, down to the smallest one`() {
    let whole = memory(1 << 30)
    let (image, text) = (whole.image.plan.arenaByteCount, whole.text.plan.arenaByteCount)
    var seen: Set<[Bool]> = []
    let end = 3 * (image + text)
    for budget in stride(from: whole.smallestBudgetBytes, through: end, by: end / 60) {
      let memory = memory(budget)
      #expect(bytes(memory, memory.programs(for: Self.many)) <= budget)
      seen.insert([memory.image.isRecomputing, memory.text.isRecomputing])
    }
    // Both, the one that saves more, none.
    #expect(seen.count == 3)
    #expect(whole.smallestBudgetBytes < image + text)
    let less = memory(whole.smallestBudgetBytes - 1)
    #expect(less.programs(for: Self.many) == .init(image: 1, text: 1))
    #expect(less.image.isRecomputing && less.text.isRecomputing)
  }

  @Test func `of a locked tower one chunk counts, of one whose embeddings are given none`() {
    let trained = Self.model.text.parameters
    let locked = memory(1 << 30, trained: trained)
    let (image, text) = (locked.image.plan.arenaByteCount, locked.text.plan.arenaByteCount)
    #expect(locked.programs(for: Self.many) == .init(image: 1, text: ((1 << 30) - image) / text))
    #expect(!memory(image + text, trained: trained).text.isRecomputing)
    #expect(memory(image + text - 1, trained: trained).text.isRecomputing)
    let given = memory(1 << 30, trained: trained, given: (true, false))
    #expect(given.programs(for: Self.many).text == (1 << 30) / text)
    #expect(!memory(text, trained: trained, given: (true, false)).text.isRecomputing)
    #expect(memory(text - 1, trained: trained, given: (true, false)).text.isRecomputing)
    #expect(locked.smallestBudgetBytes == given.smallestBudgetBytes + image)
    #expect(given.smallestBudgetBytes < text)
  }

  @Test func `a chunk of captions takes no more in a larger batch`() throws {
    func chunkBytes(pairs: Int) throws -> Int {
      let trial = StepTrial(pairs: pairs).with {
        $0.settings.tokensPerChunk = 100
        $0.settings.imagesPerChunk = 8
      }
      return try trial.prepared().step.memory.text.chunkBytes
    }
    #expect(try chunkBytes(pairs: 5_000) == chunkBytes(pairs: 100))
  }
}
