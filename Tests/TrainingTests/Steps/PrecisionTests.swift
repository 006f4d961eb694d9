import CPUDevice
import Testing

@testable import Training

/// A step whose products round to BF16, where the processor has them.
@Suite(.enabled(if: ProductFormat.bfloat16.isSupported, "needs AVX512_BF16"))
struct PrecisionTests {
  static let pairs = MiniaturePairs(count: 64)
  let exact = StepTrial(pairs: 64).with {
    $0.settings.imagesPerChunk = 32
    $0.settings.tokensPerChunk = 300
    $0.settings.dropout = 0.1
  }
  var rounded: StepTrial { exact.with { $0.products = .bfloat16 } }

  @Test func `products in BF16 keep the loss and the direction of every gradient`() throws {
    let batch = Self.pairs.batch()
    let (expected, found) = (try exact.outcome(batch), try rounded.outcome(batch))
    #expect(abs(found.loss - expected.loss) < 0.02 * expected.loss)
    var changed = 0
    for (gradient, other) in zip(expected.gradients, found.gradients) {
      // That of a key's bias is zero but for rounding.
      guard !gradient.path.hasSuffix("attention/key/bias") else { continue }
      let pairs = zip(gradient.values, other.values).map { (Double($0), Double($1)) }
      let (product, norm, otherNorm) = pairs.reduce((0, 0, 0)) {
        ($0.0 + $1.0 * $1.1, $0.1 + $1.0 * $1.0, $0.2 + $1.1 * $1.1)
      }
      #expect(product / (norm * otherNorm).squareRoot() > 0.99, "\(gradient.path)")
      changed += gradient == other ? 0 : 1
    }
    // Were it not rounded, this would be the test of nothing.
    #expect(changed > found.gradients.count / 2)
  }

  @Test func `few pairs are rounded as many are`() throws {
    let pairs = MiniaturePairs(count: 2)
    let few = StepTrial(pairs: 2)
    let exact = try few.outcome(pairs.batch())
    let found = try few.with { $0.products = .bfloat16 }.outcome(pairs.batch())
    let isRounded = zip(exact.gradients, found.gradients).filter { $0 != $1 }
    #expect(isRounded.count > found.gradients.count / 2)
  }

  @Test func `two and three compute threads give the bits of one in BF16`() throws {
    let one = try rounded.outcome(Self.pairs.batch())
    for threadCount in 2...3 {
      let several = try rounded.with { $0.threadCount = threadCount }
        .outcome(Self.pairs.batch())
      #expect(several.differences(from: one) == [], "with \(threadCount) threads")
    }
  }

  @Test func `a chunk that is encoded again is the same to the bit in BF16`() throws {
    let kept = try rounded.outcome(Self.pairs.batch())
    let again = try rounded.with { $0.settings.memoryBudgetBytes = 0 }.outcome(Self.pairs.batch())
    #expect(again.differences(from: kept) == [])
  }
}
