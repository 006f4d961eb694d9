internal import Autodiff
internal import Glibc

extension FirstToken: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let x = inputs[0]
    let spans = SequenceSpans(layout, rows: x.rows, tensors: inputs[1...])
    for sequence in 0..<spans.count {
      memcpy(
        y.floats + sequence * x.width, x.floats + spans.rows(of: sequence).lowerBound * x.width,
        x.width * MemoryLayout<Float>.stride)
    }
  }
}

extension FirstTokenGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let dx = results[0] else { return }
    let dy = inputs[0]
    let spans = SequenceSpans(layout, rows: dx.rows, tensors: inputs[1...])
    clear(dx, in: context)
    for sequence in 0..<spans.count {
      memcpy(
        dx.floats + spans.rows(of: sequence).lowerBound * dx.width,
        dy.floats + sequence * dx.width, dx.width * MemoryLayout<Float>.stride)
    }
  }
}
