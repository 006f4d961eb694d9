internal import Autodiff
internal import CKernels

extension ReLU: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let y = results[0] else { return }
    let range = y.elements(ofRows: rows)
    let start = range.lowerBound
    dq_relu_forward(Int64(range.count), inputs[0].floats + start, y.floats + start)
  }
}

extension ReLUGradient: RowwiseCPUExecutable {
  func run(
    _ inputs: [CPUBuffer], into results: [CPUBuffer?], rows: Range<Int>, in context: CPUContext
  ) {
    guard let dx = results[0] else { return }
    let range = dx.elements(ofRows: rows)
    let start = range.lowerBound
    dq_relu_backward(
      Int64(range.count), inputs[0].floats + start, inputs[1].floats + start, dx.floats + start)
  }
}
