import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing

@testable import Training

/// An image tower that is shown some patches of each picture, as FLIP trains.
@Suite struct MaskedTowerTests {
  static let pairs = MiniaturePairs(count: 16)
  /// Of the miniature's sixteen patches.
  static let kept = KeptPatches(6, of: 16)
  let masked = StepTrial(pairs: 16).with {
    $0.settings.imagesPerChunk = 5
    $0.settings.tokensPerChunk = 60
    $0.settings.keptPatches = Self.kept
  }

  /// The second chunk of the batch, embedded on the CPU.
  @Test func `only the class token and the kept patches are computed on`() throws {
    let (device, parameters, _) = try masked.prepared()
    let model = masked.model
    let rows = KeptPatchesTests.rows(Self.kept, pairs: 5..<10)
    let program = try device.compile(
      EncoderPlans.image(
        model, imagesPerChunk: 5, trained: model.parameters, keptTokenCount: 7),
      parameters: parameters)
    program.set("pixels", to: Self.pairs.pictures[5..<10].flatMap { $0 })
    program.set(EncoderPlans.keptTokens, to: rows)
    program.run(stage: 0, sizes: [.images: 5], randomKey: 0)
    let found = program.values(of: EncoderPlans.embeddings)
    guard case .visionTransformer(let configuration) = model.configuration.image else {
      Issue.record("no vision transformer")
      return
    }
    let plain = PlainVisionTransformer(configuration, parameters)
    let expected = (0..<5).map { picture in
      let patches = rows[picture * 7 + 1..<(picture + 1) * 7].map { Int($0) - picture * 17 - 1 }
      return plain.embedding(Self.pairs.pictures[5 + picture], patches: patches)
    }
    let tolerance = Tolerance.block
    #expect(tolerance.complaint("masked", found, reference: expected.flatMap { $0 }) == nil)
    // The comparison sees a mask: whole pictures have other embeddings.
    let whole = (5..<10).flatMap {
      plain.embedding(Self.pairs.pictures[$0], patches: Array(0..<16))
    }
    #expect(tolerance.complaint("whole", found, reference: whole) != nil)
    let embedder = try Embedder(model, on: device, parameters: parameters)
    let embedded = embedder.embedImages(count: 16, Self.pairs.write)
    #expect(
      tolerance.complaint("whole", Array(embedded[(5 * 16)..<(10 * 16)]), reference: whole) == nil)
  }

  @Test func `chunked gradients are those of the whole batch in Double`() throws {
    let outcome = try masked.outcome(Self.pairs.batch(), step: 3)
    let reference = try ReferenceStep(
      masked.model, pairs: Self.pairs,
      teaching: .init(keptTokens: KeptPatchesTests.rows(Self.kept, pairs: 0..<16, step: 3)))
    let loss = reference.run()
    #expect(abs(Double(outcome.loss) - loss) < 1e-5 * loss)
    #expect(reference.complaints(about: outcome) == [])
    // Another step draws other patches.
    #expect(try masked.outcome(Self.pairs.batch(), step: 4).loss != outcome.loss)
  }

  @Test func `a chunk that is encoded again sees what it saw before`() throws {
    let batch = Self.pairs.batch()
    let keptInMemory = try masked.outcome(batch)
    let again = try masked.with { $0.settings.memoryBudgetBytes = 0 }.outcome(batch)
    #expect(again.differences(from: keptInMemory) == [])
    let threads = try masked.with { $0.threadCount = 3 }.outcome(batch)
    #expect(threads.differences(from: keptInMemory) == [])
  }

  @Test func `all patches in any order are the whole picture`() throws {
    let all = masked.with { $0.settings.keptPatches = KeptPatches(16, of: 16) }
    let whole = masked.with { $0.settings.keptPatches = nil }
    let complaints = try all.outcome(Self.pairs.batch()).complaints(
      comparedWith: whole.outcome(Self.pairs.batch()), .reordered)
    #expect(complaints == [])
  }

  /// ViT-B/16, half of it masked: 99 tokens in place of 197.
  @Test func `half a picture costs about half`() {
    let model = DualEncoder(.baseP16)
    func cost(_ tokens: Int?) -> (bytes: Int, operations: Int, parameters: Int) {
      let plan = EncoderPlans.image(
        model, imagesPerChunk: 4, trained: model.parameters, keptTokenCount: tokens)
      let operations = (0...1).reduce(0) {
        $0 + plan.floatingPointOperations(stage: $1, sizes: [.images: 4])
      }
      return (plan.arenaByteCount, operations, plan.gradients.count)
    }
    let (whole, half) = (cost(nil), cost(99))
    TestReport.show(
      "ViT-B/16, 4 pictures with gradients: \(whole.bytes >> 20) MiB and "
        + "\(whole.operations / 1_000_000_000) GFLOP; half masked \(half.bytes >> 20) MiB and "
        + "\(half.operations / 1_000_000_000) GFLOP")
    #expect(half.parameters == whole.parameters && half.parameters == 200)
    #expect(half.operations * 100 < whole.operations * 51)
    #expect(half.bytes * 100 < whole.bytes * 53)
  }
}

extension ReferenceStep {
  /// Gradients of the CPU that are further from these than Float32 explains.
  func complaints(about outcome: StepOutcome) -> [String] {
    let all = outcome.gradients.map { ($0, parameters.gradientDoubles(of: $0.path)) }
    let largest = all.flatMap { $0.1.map(abs) }.max() ?? 0
    let tolerance = Tolerance(
      relativeNorm: 5e-5, element: 2e-4, absolute: 2e-6 * largest,
      reason: "Float32 through two towers and back.")
    return all.compactMap { tolerance.complaint($0.path, $0.values, reference: $1) }
  }
}
