internal import Autodiff
internal import CKernels

extension Convolution: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let (x, filters) = (inputs[0], inputs[1])
    // [out, in, taps] to [out, taps, in], the order in which windows are gathered.
    let sorted = context.scratch
    dq_transpose_matrices(
      Int64(y.width), Int64(x.width), Int64(kernel * kernel), filters.floats, sorted)
    let product = GatheredProduct(
      rows: y.rows, columns: y.width, depth: x.width * kernel * kernel, operand: sorted,
      transposes: true)
    product.run(into: y.floats, scratch: sorted + filters.alignedCount, on: context.threads) {
      dq_gather_windows(
        windows, Int64(x.width), Int64($0.lowerBound), Int64($0.upperBound), x.floats, $1)
    }
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    guard let y = results[0] else { return 0 }
    let filters = inputs[1]
    let product = GatheredProduct(
      rows: y.rows, columns: y.width, depth: inputs[0].width * kernel * kernel,
      operand: filters.floats, transposes: true)
    return filters.alignedCount + product.scratchCount
  }

  fileprivate var windows: dq_windows {
    dq_windows(
      side: Int64(side), places: Int64(outputSide), kernel: Int64(kernel), stride: Int64(stride),
      padding: Int64(padding))
  }
}

extension ConvolutionInputGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let dx = results[0] else { return }
    let (dy, filters) = (inputs[0], inputs[1])
    let taps = forward.kernel * forward.kernel
    // [out, in, taps] to [taps, out, in].
    let sorted = context.scratch
    dq_transpose_matrices(1, Int64(dy.width * dx.width), Int64(taps), filters.floats, sorted)
    let product = GatheredProduct(
      rows: dx.rows, columns: dx.width, depth: dy.width * taps, operand: sorted,
      transposes: false)
    product.run(into: dx.floats, scratch: sorted + filters.alignedCount, on: context.threads) {
      dq_gather_places(
        forward.windows, Int64(dy.width), Int64($0.lowerBound), Int64($0.upperBound), dy.floats,
        $1)
    }
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    guard let dx = results[0] else { return 0 }
    let (dy, filters) = (inputs[0], inputs[1])
    let product = GatheredProduct(
      rows: dx.rows, columns: dx.width, depth: dy.width * forward.kernel * forward.kernel,
      operand: filters.floats, transposes: false)
    return filters.alignedCount + product.scratchCount
  }
}

extension ConvolutionFilterGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let dFilters = results[0] else { return }
    let (dy, x) = (inputs[0], inputs[1])
    let taps = forward.kernel * forward.kernel
    let sum = GatheredSum(m: dy.width, n: x.width * taps, rows: dy.rows)
    sum.run(dy.floats, scratch: context.scratch, on: context.threads) {
      dq_gather_windows(
        forward.windows, Int64(x.width), Int64($0.lowerBound), Int64($0.upperBound), x.floats, $1)
    }
    // [out, taps, in] to [out, in, taps].
    dq_transpose_matrices(
      Int64(dy.width), Int64(taps), Int64(x.width), context.scratch, dFilters.floats)
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    let (dy, x) = (inputs[0], inputs[1])
    return GatheredSum(
      m: dy.width, n: x.width * forward.kernel * forward.kernel, rows: dy.rows
    ).scratchCount
  }
}

extension CPUBuffer {
  /// Floats to the next place that panels may start at.
  fileprivate var alignedCount: Int { (count + 63) / 64 * 64 }
}
