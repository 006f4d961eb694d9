import AllocationCount
import Autodiff
import CPUDevice
import Foundation
import Models
import TestSupport
import Testing

@testable import Training

/// What a whole step asks of the system, once a first one has run.
@Suite(.serialized) struct StepAllocationTests {
  /// The kinds of steps: everything trained and chunked, kept and encoded again; a locked tower.
  enum Kind: String, CaseIterable, Codable, Sendable {
    case whole
    case encodedAgain
    case givenEmbeddings

    func trial(pairs: Int) -> StepTrial {
      StepTrial(pairs: pairs).with {
        $0.threadCount = 2
        $0.settings.dropout = 0.1
        $0.settings.imagesPerChunk = self == .whole ? pairs : pairs / 4
        if self != .whole { $0.settings.tokensPerChunk = pairs * 4 }
        if self == .encodedAgain { $0.settings.memoryBudgetBytes = 0 }
        if self == .givenEmbeddings { $0.isTrained = { !$0.hasPrefix("image/") } }
      }
    }
  }

  /// Heap allocations of one step, after a few others.
  static func allocations(_ kind: Kind, pairs count: Int) throws -> dq_allocations {
    let pairs = MiniaturePairs(count: count)
    let (device, parameters, step) = try kind.trial(pairs: count).prepared()
    let pixels = pairs.pictures.flatMap { $0 }
    let size = MiniatureModel.configuration.image.pixelCount
    // The loader's part is left out: pixels lie ready.
    let plain = pairs.batch(
      embeddings: kind == .givenEmbeddings ? [Float](repeating: 0.25, count: count * 16) : nil)
    let batch =
      kind == .givenEmbeddings
      ? plain
      : ContrastiveBatch(
        count: count,
        images: .pixels { rows, target in
          pixels.withUnsafeBufferPointer { all in
            let part = all[rows.lowerBound * size..<rows.upperBound * size]
            _ = target.update(fromContentsOf: UnsafeBufferPointer(rebasing: part))
          }
        }, ids: plain.ids, offsets: plain.offsets, imageGroups: plain.imageGroups,
        textGroups: plain.textGroups)
    for number in 1...3 { _ = try step.run(batch, step: number) }
    dq_allocation_count_begin()
    _ = try step.run(batch, step: 4)
    parameters.clearGradients()
    _ = parameters.gradientNorm(on: device)
    return dq_allocation_count_end()
  }

  @Test(arguments: Kind.allCases)
  func `a step allocates nothing that grows with its batch`(kind: Kind) async {
    let result = await #expect(
      processExitsWith: .success, observing: [\.standardErrorContent]
    ) { [kind] in
      let small = try Self.allocations(kind, pairs: 16)
      if small.count < 0 { return }
      let large = try Self.allocations(kind, pairs: 256)
      TestReport.show(
        "\(kind), 16 pairs: \(small.count) allocations, \(small.bytes) bytes, largest "
          + "\(small.largest); 256 pairs: \(large.count), \(large.bytes), \(large.largest)")
      // What is left is the bookkeeping of runs and chunks, of which both batches have as many. A
      // list of one number a pair would take 1,024 bytes and its header.
      precondition(large.largest <= 1_024, "One allocation takes \(large.largest) bytes.")
      precondition(
        large.bytes < 2 * small.bytes,
        "\(large.bytes) bytes for 256 pairs, \(small.bytes) for 16.")
    }
    TestReport.forward(result?.standardErrorContent ?? [])
  }

  @Test func `the counter sees what Swift allocates`() async {
    await #expect(processExitsWith: .success) {
      dq_allocation_count_begin()
      let array = [Float](repeating: 1, count: 10_000)
      let found = dq_allocation_count_end()
      precondition(array.count == 10_000)
      precondition(found.count < 0 || found.largest >= 40_000 && found.bytes >= 40_000)
    }
  }
}
