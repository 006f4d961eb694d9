import Autodiff
import Models

/// The pseudo-random fill that the golden tiny models were made with: any implementation can
/// repeat it from a tensor's name alone.
enum GoldenFill {
  static func unit(_ seed: UInt32, _ index: Int) -> Double {
    var x = UInt32(truncatingIfNeeded: index + 1) &* 0x9E37_79B1 &+ seed &* 0x85EB_CA6B
    x ^= x >> 16
    x = x &* 0x7FEB_352D
    x ^= x >> 15
    x = x &* 0x846C_A68B
    x ^= x >> 16
    return Double(x) / 4_294_967_296 - 0.5
  }

  static func seed(of key: String) -> UInt32 {
    key.utf8.enumerated().reduce(0) { $0 &+ UInt32($1.element) &* UInt32($1.offset + 1) }
  }

  /// The values of a whole foreign tensor.
  static func values(of key: String, count: Int) -> [Float] {
    let seed = seed(of: key)
    let isNorm = ["ln_", "LayerNorm", "bn", "downsample.1"].contains { key.contains($0) }
    return (0..<count).map { index in
      let u = unit(seed, index)
      if key == "logit_scale" { return 2.0 }
      if key.hasSuffix("running_var") { return Float(1 + u) }
      if key.hasSuffix("running_mean") { return Float(0.2 * u) }
      if key.hasSuffix("num_batches_tracked") { return 0 }
      if key.hasSuffix("bias") || key.hasSuffix("in_proj_bias") { return Float(0.2 * u) }
      if isNorm, key.hasSuffix("weight") { return Float(1 + 0.4 * u) }
      return Float(0.6 * u)
    }
  }

  /// Pictures [3, 3, size, size].
  static func pixels(size: Int) -> [Float] {
    (0..<3 * 3 * size * size).map { Float(2 * unit(7, $0)) }
  }
}
