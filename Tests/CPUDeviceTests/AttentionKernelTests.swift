import CKernels
import Foundation
import Testing

/// Attention of one head against plain loops in Double, with and without dropout.
struct AttentionKernelTests {
  static let tokenCounts = [1, 2, 7, 16, 18, 47, 48, 49, 65, 100]
  static let headWidths = [1, 5, 32, 48, 64, 80]

  @Test(arguments: tokenCounts, headWidths)
  func `attention matches Double`(tokens: Int, headWidth: Int) {
    let sample = AttentionSample(tokens: tokens, headWidth: headWidth, rate: 0)
    sample.expectForwardAndBackward()
  }

  @Test(arguments: tokenCounts, [5, 64])
  func `attention with dropout matches Double`(tokens: Int, headWidth: Int) {
    let sample = AttentionSample(tokens: tokens, headWidth: headWidth, rate: 0.3)
    sample.expectForwardAndBackward()
  }

  @Test func `attention of many tokens matches Double`() {
    AttentionSample(tokens: 197, headWidth: 64, rate: 0.1).expectForwardAndBackward()
    AttentionSample(tokens: 300, headWidth: 16, rate: 0).expectForwardAndBackward()
  }

  @Test func `dropping everything gives zeros`() {
    let sample = AttentionSample(tokens: 20, headWidth: 32, rate: 1)
    let out = sample.forward().out
    for token in 0..<20 {
      #expect(out[token * sample.outStride..<token * sample.outStride + 32].allSatisfy { $0 == 0 })
    }
  }

  @Test func `large scores neither overflow nor vanish`() {
    // Scores near 1000 are rounded to 6e-5, and the exponential turns that into a relative error.
    var sample = AttentionSample(tokens: 33, headWidth: 32, rate: 0)
    sample.scale = 300
    sample.expectForwardAndBackward(tolerance: 1e-3)
  }

  @Test(arguments: [Float(0), 0.2])
  func `what all keys have in common leaves no trace in the gradient of queries`(rate: Float) {
    var sample = AttentionSample(tokens: 52, headWidth: 64, rate: rate)
    // The first feature is the same in all keys and moves no score.
    for token in 0..<sample.tokens {
      sample.inputs[0][token * sample.strides[0]] = 0
      sample.inputs[1][token * sample.strides[1]] = 1000
    }
    let dq = sample.backward(sample.forward())[0]
    let trace = (0..<sample.tokens).map { abs(dq[$0 * sample.gradientStride]) }.max() ?? 0
    #expect(trace < 1e-8)
  }

  @Test func `what all values have in common leaves no trace in the gradients of scores`() {
    var sample = AttentionSample(tokens: 52, headWidth: 64, rate: 0)
    sample.inputs[2] = sample.inputs[2].map { $0 + 1024 }
    let gradients = sample.backward(sample.forward())
    let wanted = sample.referenceGradients(sample.reference(sample.packed()))
    for index in 0..<2 {
      expectClose(
        sample.compact(gradients[index], stride: sample.gradientStride), wanted[index],
        tolerance: 1e-6)
    }
  }

  @Test func `the gradients of attention are the difference quotients`() {
    let sample = AttentionSample(tokens: 6, headWidth: 3, rate: 0.3)
    let forward = sample.forward()
    let gradients = sample.backward(forward)
    let step = 1e-5
    for input in 0..<3 {
      for index in 0..<18 {
        var moved = sample.packed()
        moved[input][index] += step
        let above = sample.weightedSum(sample.reference(moved).out)
        moved[input][index] -= 2 * step
        let below = sample.weightedSum(sample.reference(moved).out)
        let gradient = gradients[input][index / 3 * sample.gradientStride + index % 3]
        #expect(abs((above - below) / (2 * step) - Double(gradient)) < 2e-6)
      }
    }
  }
}

/// Inputs of one attention head in rows with strides of their own, the kernel's results, and the
/// same in Double.
struct AttentionSample {
  let tokens: Int
  let headWidth: Int
  let strides: [Int]
  let outStride: Int
  let gradientStride: Int
  var inputs: [[Float]]
  let dout: [Float]
  var scale: Float
  let dropout: dq_attention_dropout

  init(tokens: Int, headWidth: Int, rate: Float) {
    var random = KernelValues(seed: UInt64(tokens * 1000 + headWidth))
    self.tokens = tokens
    self.headWidth = headWidth
    strides = [headWidth + 1, headWidth + 7, 3 * headWidth]
    outStride = headWidth + 2
    gradientStride = 2 * headWidth + 1
    inputs = strides.map { random.array(tokens * $0) }
    dout = random.array(tokens * outStride)
    scale = 2 / Float(headWidth).squareRoot()
    dropout = dq_attention_dropout(key: 77, first_index: 1_000_003, site: 9, rate: rate)
  }

  func forward() -> (out: [Float], logsumexp: [Float]) {
    var out = [Float](repeating: .nan, count: tokens * outStride)
    var logsumexp = [Float](repeating: .nan, count: tokens)
    withKernelScratch(dq_attention_scratch_count(Int64(tokens), Int64(headWidth))) { scratch in
      dq_attention_forward(
        Int64(tokens), Int64(headWidth), inputs[0], Int64(strides[0]), inputs[1],
        Int64(strides[1]), inputs[2], Int64(strides[2]), scale, dropout, &out, Int64(outStride),
        &logsumexp, scratch)
    }
    return (out, logsumexp)
  }

  /// dq, dk, dv in rows of `gradientStride`, NaN where the kernel wrote nothing.
  func backward(_ forward: (out: [Float], logsumexp: [Float])) -> [[Float]] {
    let empty = [Float](repeating: .nan, count: tokens * gradientStride)
    var (dq, dk, dv) = (empty, empty, empty)
    withKernelScratch(dq_attention_scratch_count(Int64(tokens), Int64(headWidth))) { scratch in
      dq_attention_backward(
        Int64(tokens), Int64(headWidth), inputs[0], Int64(strides[0]), inputs[1],
        Int64(strides[1]), inputs[2], Int64(strides[2]), dout, Int64(outStride),
        forward.logsumexp, scale, dropout, &dq, &dk, &dv, Int64(gradientStride), scratch)
    }
    return [dq, dk, dv]
  }

  /// The rows of `x` without what lies between them.
  func compact(_ x: [Float], stride: Int) -> [Float] {
    (0..<tokens).flatMap { x[$0 * stride..<$0 * stride + headWidth] }
  }

  func packed() -> [[Double]] {
    zip(inputs, strides).map { compact($0, stride: $1).map(Double.init) }
  }

  func weightedSum(_ out: [Double]) -> Double {
    zip(out, compact(dout, stride: outStride)).reduce(0) { $0 + $1.0 * Double($1.1) }
  }

  func expectForwardAndBackward(
    tolerance: Double = 3e-6, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let forward = forward()
    let expected = reference(packed())
    expectClose(
      compact(forward.out, stride: outStride), expected.out, tolerance: tolerance,
      sourceLocation: sourceLocation)
    expectClose(
      forward.logsumexp, expected.logsumexp, tolerance: tolerance, sourceLocation: sourceLocation)
    let gradients = backward(forward)
    for (gradient, wanted) in zip(gradients, referenceGradients(expected)) {
      expectClose(
        compact(gradient, stride: gradientStride), wanted, tolerance: tolerance,
        sourceLocation: sourceLocation)
      #expect(
        gradient.count { $0.isNaN } == tokens * (gradientStride - headWidth),
        sourceLocation: sourceLocation)
    }
  }

  struct Reference {
    var inputs: [[Double]]
    var probabilities: [Double]
    var kept: [Double]
    var logsumexp: [Double]
    var out: [Double]
  }

  func reference(_ inputs: [[Double]]) -> Reference {
    let (t, w) = (tokens, headWidth)
    let zeros = [Double](repeating: 0, count: t * t)
    var result = Reference(
      inputs: inputs, probabilities: zeros, kept: zeros, logsumexp: [],
      out: [Double](repeating: 0, count: t * w))
    for i in 0..<t {
      let scores = (0..<t).map { j in
        Double(scale) * (0..<w).reduce(0) { $0 + inputs[0][i * w + $1] * inputs[1][j * w + $1] }
      }
      let top = scores.max() ?? 0
      let lse = top + log(scores.reduce(0) { $0 + exp($1 - top) })
      result.logsumexp.append(lse)
      for j in 0..<t {
        let index = dropout.first_index + UInt64(i * t + j)
        let word = dq_random_uint32(dropout.key, dropout.site, index)
        let isKept = Double(word) >= Double(dropout.rate) * 0x1p32 - 1
        result.probabilities[i * t + j] = exp(scores[j] - lse)
        result.kept[i * t + j] = isKept ? 1 / (1 - Double(dropout.rate)) : 0
        let p = result.probabilities[i * t + j] * result.kept[i * t + j]
        for d in 0..<w { result.out[i * w + d] += p * inputs[2][j * w + d] }
      }
    }
    return result
  }

  func referenceGradients(_ forward: Reference) -> [[Double]] {
    let (t, w) = (tokens, headWidth)
    let dout = compact(self.dout, stride: outStride).map(Double.init)
    let (q, k, v) = (forward.inputs[0], forward.inputs[1], forward.inputs[2])
    var gradients = [[Double]](repeating: [Double](repeating: 0, count: t * w), count: 3)
    for i in 0..<t {
      let delta = (0..<w).reduce(0) { $0 + dout[i * w + $1] * forward.out[i * w + $1] }
      for j in 0..<t {
        let p = forward.probabilities[i * t + j]
        let kept = forward.kept[i * t + j]
        let g = (0..<w).reduce(0) { $0 + dout[i * w + $1] * v[j * w + $1] }
        let ds = Double(scale) * p * (kept * g - delta)
        for d in 0..<w {
          gradients[0][i * w + d] += ds * k[j * w + d]
          gradients[1][j * w + d] += ds * q[i * w + d]
          gradients[2][j * w + d] += p * kept * dout[i * w + d]
        }
      }
    }
    return gradients
  }
}
