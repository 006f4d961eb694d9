internal import Autodiff
internal import CKernels

extension CPUParameters {
  /// The Euclidean length of all gradients together; not finite if any gradient is not.
  ///
  /// Parts are cut by size and added in order, so thread count changes no bit.
  public func gradientNorm(on device: CPUDevice) -> Float {
    let count = layout.trainedElementCount
    let grain = 1 << 18
    var parts = [Double](repeating: 0, count: (count + grain - 1) / grain)
    parts.withUnsafeMutableBufferPointer { parts in
      device.threads.run(over: count, grain: grain) { range in
        parts[range.lowerBound / grain] = dq_sum_squares(
          Int64(range.count), gradients + range.lowerBound)
      }
    }
    return Float(parts.reduce(0, +).squareRoot())
  }
}
