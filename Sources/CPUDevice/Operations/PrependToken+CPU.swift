internal import Autodiff
internal import CKernels
internal import Glibc

extension PrependToken: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let (x, token) = (inputs[0], inputs[1])
    let rowBytes = x.width * MemoryLayout<Float>.stride
    context.threads.run(over: x.rows / length, grain: 4) { sequences in
      for sequence in sequences {
        let target = y.floats + sequence * (length + 1) * x.width
        memcpy(target, token.base, rowBytes)
        memcpy(
          target + x.width, x.floats + sequence * length * x.width, length * rowBytes)
      }
    }
  }
}

extension PrependTokenGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    let dy = inputs[0]
    let width = dy.width
    let sequenceCount = dy.rows / (length + 1)
    if let dx = results[0] {
      context.threads.run(over: sequenceCount, grain: 4) { sequences in
        for sequence in sequences {
          memcpy(
            dx.floats + sequence * length * width,
            dy.floats + (sequence * (length + 1) + 1) * width,
            length * width * MemoryLayout<Float>.stride)
        }
      }
    }
    if let dToken = results[1] {
      memset(dToken.base, 0, dToken.byteCount)
      for sequence in 0..<sequenceCount {
        dq_accumulate(Int64(width), dy.floats + sequence * (length + 1) * width, dToken.floats)
      }
    }
  }
}
