internal import Autodiff
internal import CKernels

extension PatchExtraction: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let x = inputs[0].extents
    let (imageSize, patchesSize) = (x[1] * x[2] * x[3], y.count / max(x[0], 1))
    context.threads.run(over: x[0], grain: 1) { images in
      dq_extract_patches(
        Int64(images.count), Int64(x[1]), Int64(x[2]), Int64(x[3]), Int64(patch),
        inputs[0].floats + images.lowerBound * imageSize,
        y.floats + images.lowerBound * patchesSize)
    }
  }
}

extension PatchAssembly: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let dx = results[0] else { return }
    let x = dx.extents
    let (imageSize, patchesSize) = (x[1] * x[2] * x[3], inputs[0].count / max(x[0], 1))
    context.threads.run(over: x[0], grain: 1) { images in
      dq_assemble_patches(
        Int64(images.count), Int64(x[1]), Int64(x[2]), Int64(x[3]), Int64(patch),
        inputs[0].floats + images.lowerBound * patchesSize,
        dx.floats + images.lowerBound * imageSize)
    }
  }
}
