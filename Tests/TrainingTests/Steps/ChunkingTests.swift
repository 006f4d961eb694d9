import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing

@testable import Training

/// However a contrastive batch is cut, its loss and gradients are those of the whole.
@Suite struct ChunkingTests {
  static let pairs = MiniaturePairs(count: 24)
  let whole = StepTrial(pairs: 24)

  @Test(arguments: [(1, 16), (5, 40), (7, 100), (23, 90)])
  func `chunked equals whole`(imagesPerChunk: Int, tokensPerChunk: Int) throws {
    let batch = Self.pairs.batch()
    let chunked = whole.with {
      $0.settings.imagesPerChunk = imagesPerChunk
      $0.settings.tokensPerChunk = tokensPerChunk
    }
    let complaints = try chunked.outcome(batch).complaints(
      comparedWith: whole.outcome(batch), .reordered)
    #expect(complaints == [])
  }

  @Test(arguments: [Float(0), 0.3])
  func `the memory budget changes no bit`(dropout: Float) throws {
    let batch = Self.pairs.batch()
    let trial = whole.with {
      $0.settings.imagesPerChunk = 5
      $0.settings.tokensPerChunk = 40
      $0.settings.dropout = dropout
    }
    let kept = try trial.outcome(batch)
    let chunkBytes = try trial.prepared().step.image.plan.arenaByteCount
    for budget in [0, 2 * 2 * chunkBytes, 2 * 3 * chunkBytes] {
      let other = try trial.with { $0.settings.memoryBudgetBytes = budget }.outcome(batch)
      #expect(other.differences(from: kept) == [], "with \(budget) bytes")
    }
  }

  @Test func `two and three compute threads give the bits of one`() throws {
    let pairs = MiniaturePairs(count: 64)
    let trial = StepTrial(pairs: 64).with {
      $0.settings.imagesPerChunk = 32
      $0.settings.tokensPerChunk = 300
      $0.settings.dropout = 0.1
    }
    let one = try trial.outcome(pairs.batch())
    for threadCount in 2...3 {
      let several = try trial.with { $0.threadCount = threadCount }.outcome(pairs.batch())
      #expect(several.differences(from: one) == [], "with \(threadCount) threads")
    }
  }

  @Test func `the same step twice gives the same bits`() throws {
    let trial = whole.with {
      $0.settings.imagesPerChunk = 7
      $0.settings.tokensPerChunk = 60
      $0.settings.dropout = 0.2
    }
    let (_, parameters, step) = try trial.prepared()
    let first = StepOutcome(try step.run(Self.pairs.batch(), step: 4), parameters)
    // Another batch between the two leaves nothing behind.
    _ = try step.run(MiniaturePairs(count: 11, seed: 8).batch(), step: 5)
    parameters.clearGradients()
    let again = StepOutcome(try step.run(Self.pairs.batch(), step: 4), parameters)
    #expect(again.differences(from: first) == [])
  }

  @Test func `a batch below the capacity is a batch of its own size`() throws {
    let few = Self.pairs[[4, 9, 2, 17, 11]]
    let roomy = try whole.outcome(few.batch())
    let exact = try StepTrial(pairs: 5).outcome(few.batch())
    #expect(roomy.complaints(comparedWith: exact, .reordered) == [])
  }

  @Test func `one pair has no wrong answer, so loss and gradients are zero`() throws {
    let outcome = try whole.outcome(Self.pairs[[3]].batch())
    #expect(abs(outcome.loss) < 1e-5)
    #expect(outcome.gradients.allSatisfy { $0.values.allSatisfy { abs($0) < 1e-4 } })
  }

  @Test(arguments: [false, true])
  func `permuting a batch leaves loss and gradients`(isChunked: Bool) throws {
    let trial = whole.with {
      if isChunked { ($0.settings.imagesPerChunk, $0.settings.tokensPerChunk) = (5, 50) }
    }
    var generator = SeededGenerator(seed: 2)
    let order = Array(0..<24).shuffled(using: &generator)
    let complaints = try trial.outcome(Self.pairs[order].batch()).complaints(
      comparedWith: trial.outcome(Self.pairs.batch()), .reordered)
    #expect(complaints == [])
  }

  @Test func `permuting pictures and captions permutes their embeddings`() throws {
    let (device, parameters, _) = try whole.prepared()
    let embedder = try Embedder(
      whole.model, on: device, parameters: parameters, imagesPerChunk: 7, tokensPerChunk: 50)
    var generator = SeededGenerator(seed: 2)
    let order = Array(0..<24).shuffled(using: &generator)
    let permuted = Self.pairs[order]
    let images = embedder.embedImages(count: 24, Self.pairs.write)
    let texts = embedder.embedTexts(Self.pairs.captions)
    let found = [
      ("images", images, embedder.embedImages(count: 24, permuted.write)),
      ("texts", texts, embedder.embedTexts(permuted.captions)),
    ]
    for (label, values, others) in found {
      let expected = order.flatMap { values[$0 * 16..<($0 + 1) * 16] }.map(Double.init)
      #expect(Tolerance.block.complaint(label, others, reference: expected) == nil)
    }
  }

  @Test func `captions are cut in order and never above the limit`() {
    let lengths: [Int32] = [5, 2, 9, 16, 2, 2, 2, 7, 16]
    let offsets = lengths.reduce(into: [Int32(0)]) { $0.append($0[$0.count - 1] + $1) }
    for limit in 16...61 {
      let chunks = TextChunks.split(offsets: offsets, tokenLimit: limit)
      #expect(chunks.flatMap { Array($0) } == Array(lengths.indices))
      for (chunk, next) in zip(chunks, chunks.dropFirst()) {
        let tokens = lengths[chunk].reduce(0, +)
        #expect(tokens <= limit && tokens + lengths[next.lowerBound] > limit)
      }
    }
    #expect(TextChunks.split(offsets: [0], tokenLimit: 16) == [])
  }
}
