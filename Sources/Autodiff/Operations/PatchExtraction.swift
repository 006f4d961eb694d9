/// Cuts pictures into square patches, one row a patch.
///
///     y[n * g * g + gy * g + gx, (c * p + i) * p + j] = x[n, c, gy * p + i, gx * p + j]
///
/// with p the patch size and g = floor(size / p). Pixels right of and below the grid are unused.
/// Gradient: each dy element back to its pixel, zero for unused ones.
///
/// - Inputs: `x` [images, channels, size, size].
/// - Results: `y` [images * g * g, channels * p * p].
public struct PatchExtraction: Operation {
  public let patch: Int

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let x = inputs[0]
    guard x.rank == 4, let channels = x[1].fixed, let size = x[2].fixed, x[3] == x[2],
      size >= patch
    else { preconditionFailure("Patches of \(patch) from \(x).") }
    let grid = size / patch
    return [[x[0] * (grid * grid), Extent(channels * patch * patch)]]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    let gradient = PatchAssembly(patch: patch, pixels: inputs[0].shape)
    return [upstream[0].map { $0.graph.apply(gradient, to: [$0])[0] }]
  }
}

/// dx from dy: patches put back where they were cut.
public struct PatchAssembly: GradientOperation {
  public let patch: Int
  public let pixels: Shape

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [pixels] }
}

extension Tensor {
  /// - Returns: [images * grid * grid, channels * patch * patch].
  public func patches(of size: Int) -> Tensor {
    graph.apply(PatchExtraction(patch: size), to: [self])[0]
  }
}
