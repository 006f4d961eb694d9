public import Autodiff

/// Calls `body` with every element's place among the pixels and among the patches.
private func forEachElement(
  pixels: [Int], patch: Int, _ body: (_ pixel: Int, _ element: Int) -> Void
) {
  let (images, channels, size) = (pixels[0], pixels[1], pixels[2])
  let grid = size / patch
  let width = channels * patch * patch
  for n in 0..<images {
    for gy in 0..<grid {
      for gx in 0..<grid {
        for c in 0..<channels {
          for i in 0..<patch {
            for j in 0..<patch {
              let row = n * grid * grid + gy * grid + gx
              let column = (c * patch + i) * patch + j
              let pixel = ((n * channels + c) * size + gy * patch + i) * size + gx * patch + j
              body(pixel, row * width + column)
            }
          }
        }
      }
    }
  }
}

extension PatchExtraction: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    forEachElement(pixels: inputs[0].sizes, patch: patch) { pixel, element in
      y.values[element] = inputs[0].values[pixel]
    }
    return [y]
  }
}

extension PatchAssembly: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    var dx = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    forEachElement(pixels: dx.sizes, patch: patch) { pixel, element in
      dx.values[pixel] += inputs[0].values[element]
    }
    return [dx]
  }
}
