internal import Autodiff
internal import CKernels

extension AveragePooling: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    context.threads.run(over: y.rows, grain: y.rowGrain) { places in
      dq_average_windows(
        Int64(side), Int64(window), Int64(y.width), Int64(places.lowerBound),
        Int64(places.upperBound), inputs[0].floats, y.floats)
    }
  }
}

extension AveragePoolingGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let dx = results[0] else { return }
    context.threads.run(over: dx.rows, grain: dx.rowGrain) { pixels in
      dq_spread_windows(
        Int64(forward.side), Int64(forward.window), Int64(dx.width), Int64(pixels.lowerBound),
        Int64(pixels.upperBound), inputs[0].floats, dx.floats)
    }
  }
}
