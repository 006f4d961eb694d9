import Testing

/// Repeatable values for kernel tests; the same seed gives the same array everywhere.
struct KernelValues {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  /// Uniform in [low, high).
  mutating func next(_ low: Float = -1, _ high: Float = 1) -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return low + (high - low) * Float(state >> 40) * 0x1p-24
  }

  mutating func array(_ count: Int, _ low: Float = -1, _ high: Float = 1) -> [Float] {
    (0..<count).map { _ in next(low, high) }
  }
}

/// Expects every value within `tolerance` times the largest expected magnitude (at least 1).
func expectClose(
  _ values: [Float], _ expected: [Double], tolerance: Double,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(values.count == expected.count, sourceLocation: sourceLocation)
  let scale = expected.reduce(1) { max($0, $1.isFinite ? abs($1) : 0) }
  for (index, (value, wanted)) in zip(values, expected).enumerated() {
    let isEqual = Double(value) == wanted || (value.isNaN && wanted.isNaN)
    if !isEqual && !(abs(Double(value) - wanted) <= tolerance * scale) {
      Issue.record(
        "index \(index): \(value), expected \(wanted)", sourceLocation: sourceLocation)
      return
    }
  }
}

/// Lengths around the vector length of sixteen: empty, one, odd, whole, one more, many.
let kernelLengths = [0, 1, 3, 15, 16, 17, 31, 64, 100, 1000]

/// Runs `body` with 64-byte aligned scratch, filled with NaN so that a read before a write shows.
func withKernelScratch(_ count: Int64, _ body: (UnsafeMutablePointer<Float>) -> Void) {
  let bytes = Int(count) * MemoryLayout<Float>.stride
  let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
  defer { raw.deallocate() }
  let scratch = raw.bindMemory(to: Float.self, capacity: Int(count))
  scratch.update(repeating: .nan, count: Int(count))
  body(scratch)
}
