internal import Autodiff
internal import CKernels
internal import Glibc

extension PrependMean: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let y = results[0] else { return }
    let x = inputs[0]
    let (width, count) = (x.width, length * x.width)
    context.threads.run(over: x.rows / length, grain: 4) { sequences in
      for sequence in sequences {
        let from = x.floats + sequence * count
        let mean = y.floats + sequence * (count + width)
        memset(mean, 0, width * MemoryLayout<Float>.stride)
        dq_column_sum(Int64(length), Int64(width), from, mean)
        dq_scale(Int64(width), 1 / Float(length), mean, mean)
        memcpy(mean + width, from, count * MemoryLayout<Float>.stride)
      }
    }
  }
}

extension PrependMeanGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    guard let dx = results[0] else { return }
    let (width, count) = (dx.width, length * dx.width)
    context.threads.run(over: dx.rows / length, grain: 4) { sequences in
      for sequence in sequences {
        let dMean = inputs[0].floats + sequence * (count + width)
        let target = dx.floats + sequence * count
        memcpy(target, dMean + width, count * MemoryLayout<Float>.stride)
        for row in 0..<length {
          dq_axpy(Int64(width), 1 / Float(length), dMean, target + row * width)
        }
      }
    }
  }
}
