import CKernels
import Testing

/// Layer normalization and L2 normalization against plain loops in Double.
struct NormKernelTests {
  static let shapes = [(1, 1), (1, 16), (3, 5), (2, 17), (5, 33), (4, 64), (7, 100), (2, 768)]

  @Test(arguments: shapes)
  func `layer normalization and its input gradient match Double`(rows: Int, width: Int) {
    let sample = LayerNormSample(rows: rows, width: width, seed: 1)
    let forward = sample.forward()
    expectClose(forward.y, sample.referenceForward(), tolerance: 5e-7)
    let result = sample.referenceBackward()
    // In a row of one element everything cancels, and 1 / sqrt(epsilon) = 316 scales what is left.
    expectClose(sample.backwardInput(forward), result.dx, tolerance: 5e-6)
  }

  @Test(arguments: shapes)
  func `layer normalization adds its parameter gradients`(rows: Int, width: Int) {
    let sample = LayerNormSample(rows: rows, width: width, seed: 2)
    let forward = sample.forward()
    var dscale = [Float](repeating: 1, count: width)
    var dshift = [Float](repeating: -2, count: width)
    dq_layer_norm_backward_parameters(
      Int64(rows), Int64(width), sample.x, forward.mean, forward.reciprocalDeviation, sample.dy,
      &dscale, &dshift)
    let expected = sample.referenceBackward()
    expectClose(dscale, expected.dscale.map { $0 + 1 }, tolerance: 2e-6)
    expectClose(dshift, expected.dshift.map { $0 - 2 }, tolerance: 2e-6)
  }

  @Test func `the input gradient of layer normalization is the difference quotient`() {
    let sample = LayerNormSample(rows: 2, width: 19, seed: 3)
    let dx = sample.backwardInput(sample.forward())
    for index in 0..<sample.x.count {
      let step = 1e-5
      var moved = sample.x.map(Double.init)
      moved[index] += step
      let above = zip(sample.referenceForward(moved), sample.dy).reduce(0) {
        $0 + $1.0 * Double($1.1)
      }
      moved[index] -= 2 * step
      let below = zip(sample.referenceForward(moved), sample.dy).reduce(0) {
        $0 + $1.0 * Double($1.1)
      }
      #expect(abs((above - below) / (2 * step) - Double(dx[index])) < 1e-5)
    }
  }

  @Test func `layer normalization survives a large mean`() {
    var sample = LayerNormSample(rows: 2, width: 100, seed: 4)
    sample.x = sample.x.map { $0 + 4096 }
    expectClose(sample.forward().y, sample.referenceForward(), tolerance: 2e-3)
  }

  @Test(arguments: shapes)
  func `layer normalization works in place`(rows: Int, width: Int) {
    let sample = LayerNormSample(rows: rows, width: width, seed: 5)
    var forward = sample.forward()
    var y = sample.x
    y.withUnsafeMutableBufferPointer {
      dq_layer_norm_forward(
        Int64(rows), Int64(width), $0.baseAddress!, sample.scale, sample.shift, 1e-5,
        $0.baseAddress!, &forward.mean, &forward.reciprocalDeviation)
    }
    #expect(y == forward.y)
    var dx = sample.dy
    dx.withUnsafeMutableBufferPointer {
      dq_layer_norm_backward_input(
        Int64(rows), Int64(width), sample.x, sample.scale, forward.mean,
        forward.reciprocalDeviation, $0.baseAddress!, $0.baseAddress!)
    }
    #expect(dx == sample.backwardInput(forward))
  }

  @Test(arguments: shapes)
  func `L2 normalization and its gradient match Double`(rows: Int, width: Int) {
    var random = KernelValues(seed: 6)
    let x = random.array(rows * width)
    let dy = random.array(rows * width)
    var y = x
    var reciprocal = [Float](repeating: .nan, count: rows)
    dq_l2_normalize_forward(Int64(rows), Int64(width), x, 1e-12, &y, &reciprocal)
    var dx = x
    dq_l2_normalize_backward(Int64(rows), Int64(width), y, reciprocal, dy, &dx)
    var expectedY: [Double] = []
    var expectedGradient: [Double] = []
    for row in 0..<rows {
      let range = row * width..<(row + 1) * width
      let norm = x[range].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let unit = x[range].map { Double($0) / norm }
      let along = zip(unit, dy[range]).reduce(0) { $0 + $1.0 * Double($1.1) }
      expectedY += unit
      expectedGradient += zip(unit, dy[range]).map { (Double($1) - $0 * along) / norm }
    }
    expectClose(y, expectedY, tolerance: 3e-7)
    expectClose(dx, expectedGradient, tolerance: 1e-6)
    var inPlace = dy
    inPlace.withUnsafeMutableBufferPointer {
      dq_l2_normalize_backward(
        Int64(rows), Int64(width), y, reciprocal, $0.baseAddress!, $0.baseAddress!)
    }
    #expect(inPlace == dx)
  }

  @Test func `a row shorter than epsilon is divided by epsilon and its gradient too`() {
    let x: [Float] = [0, 0, 0, 3e-4, 0, 4e-4]
    let dy: [Float] = [1, 2, 3, 4, 5, 6]
    var y = x
    var reciprocal: [Float] = [0, 0]
    var dx = x
    dq_l2_normalize_forward(2, 3, x, 1e-2, &y, &reciprocal)
    dq_l2_normalize_backward(2, 3, y, reciprocal, dy, &dx)
    expectClose(y, [0, 0, 0, 0.03, 0, 0.04], tolerance: 1e-7)
    expectClose(dx, [100, 200, 300, 400, 500, 600], tolerance: 1e-6)
  }
}

/// Inputs of one layer normalization, the kernel's results and the same in Double.
struct LayerNormSample {
  let rows: Int
  let width: Int
  var x: [Float]
  let scale: [Float]
  let shift: [Float]
  let dy: [Float]
  let epsilon: Float = 1e-5

  init(rows: Int, width: Int, seed: UInt64) {
    var random = KernelValues(seed: seed)
    self.rows = rows
    self.width = width
    x = random.array(rows * width, -2, 3)
    scale = random.array(width, 0.5, 1.5)
    shift = random.array(width)
    dy = random.array(rows * width)
  }

  struct Forward {
    var y: [Float]
    var mean: [Float]
    var reciprocalDeviation: [Float]
  }

  func forward() -> Forward {
    var result = Forward(
      y: x, mean: [Float](repeating: .nan, count: rows),
      reciprocalDeviation: [Float](repeating: .nan, count: rows))
    dq_layer_norm_forward(
      Int64(rows), Int64(width), x, scale, shift, epsilon, &result.y, &result.mean,
      &result.reciprocalDeviation)
    return result
  }

  func backwardInput(_ forward: Forward) -> [Float] {
    var dx = [Float](repeating: .nan, count: rows * width)
    dq_layer_norm_backward_input(
      Int64(rows), Int64(width), x, scale, forward.mean, forward.reciprocalDeviation, dy, &dx)
    return dx
  }

  /// The normalized row and 1 / deviation.
  private func normalized(_ row: ArraySlice<Double>) -> (n: [Double], r: Double) {
    let mean = row.reduce(0, +) / Double(width)
    let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
    let r = 1 / (variance + Double(epsilon)).squareRoot()
    return (row.map { ($0 - mean) * r }, r)
  }

  func referenceForward(_ input: [Double]? = nil) -> [Double] {
    let x = input ?? self.x.map(Double.init)
    return (0..<rows).flatMap { row in
      normalized(x[row * width..<(row + 1) * width]).n.enumerated().map {
        $1 * Double(scale[$0]) + Double(shift[$0])
      }
    }
  }

  func referenceBackward() -> (dx: [Double], dscale: [Double], dshift: [Double]) {
    var dx: [Double] = []
    var dscale = [Double](repeating: 0, count: width)
    var dshift = dscale
    for row in 0..<rows {
      let range = row * width..<(row + 1) * width
      let (n, r) = normalized(x.map(Double.init)[range])
      let dy = self.dy[range].map(Double.init)
      let g = zip(dy, scale).map { $0 * Double($1) }
      let gMean = g.reduce(0, +) / Double(width)
      let gnMean = zip(g, n).reduce(0) { $0 + $1.0 * $1.1 } / Double(width)
      dx += zip(g, n).map { r * ($0 - gMean - $1 * gnMean) }
      for column in 0..<width {
        dscale[column] += dy[column] * n[column]
        dshift[column] += dy[column]
      }
    }
    return (dx, dscale, dshift)
  }
}
