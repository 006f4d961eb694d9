import CKernels
import Foundation
import Testing

/// Elementwise kernels and activations against plain loops in Double.
struct ElementwiseKernelTests {
  @Test(arguments: kernelLengths)
  func `sums, products and scalings match a plain loop`(count: Int) {
    var random = KernelValues(seed: UInt64(count))
    let a = random.array(count)
    let b = random.array(count)
    let n = Int64(count)
    var out = [Float](repeating: .nan, count: count)
    dq_add(n, a, b, &out)
    #expect(out == zip(a, b).map { $0 + $1 })
    dq_multiply(n, a, b, &out)
    #expect(out == zip(a, b).map { $0 * $1 })
    dq_scale(n, -2.5, a, &out)
    #expect(out == a.map { -2.5 * $0 })
    out = b
    dq_accumulate(n, a, &out)
    #expect(out == zip(a, b).map { $0 + $1 })
    out = b
    dq_axpy(n, 0.3, a, &out)
    expectClose(
      out, zip(a, b).map { Double(Float(0.3)) * Double($0) + Double($1) }, tolerance: 2e-7)
    dq_fill(n, 7, &out)
    #expect(out == [Float](repeating: 7, count: count))
  }

  @Test(arguments: kernelLengths)
  func `elementwise kernels work in place and touch nothing behind the end`(count: Int) {
    var random = KernelValues(seed: 5)
    let a = random.array(count + 1)
    let b = random.array(count + 1)
    let n = Int64(count)
    var sum = a
    var exponential = a
    var activated = a
    sum.withUnsafeMutableBufferPointer { dq_add(n, $0.baseAddress!, b, $0.baseAddress!) }
    exponential.withUnsafeMutableBufferPointer { dq_exp(n, $0.baseAddress!, $0.baseAddress!) }
    activated.withUnsafeMutableBufferPointer {
      dq_gelu_forward(n, $0.baseAddress!, $0.baseAddress!)
    }
    for index in 0..<count {
      #expect(sum[index] == a[index] + b[index])
      #expect(abs(exponential[index] - exp(a[index])) < 1e-6)
      #expect(abs(Double(activated[index]) - gelu(Double(a[index]))) < 1e-6)
    }
    #expect(sum[count] == a[count])
    #expect(exponential[count] == a[count])
    #expect(activated[count] == a[count])
  }

  @Test func `the exponential is within 2e-7 of the true value down to the denormals`() {
    let x = stride(from: Float(-87), through: 88.7, by: 0.0137).map { $0 }
    var y = [Float](repeating: 0, count: x.count)
    dq_exp(Int64(x.count), x, &y)
    var worst = 0.0
    for (input, output) in zip(x, y) {
      worst = max(worst, abs(Double(output) / exp(Double(input)) - 1))
    }
    #expect(worst < 2e-7)
    let special: [Float] = [-.infinity, -200, -103, -90, 0, 89, 200, .infinity, .nan]
    var result = [Float](repeating: 5, count: special.count)
    dq_exp(Int64(special.count), special, &result)
    #expect(result[0] == 0 && result[1] == 0)
    #expect(abs(result[2] - exp(Float(-103))) <= Float.leastNonzeroMagnitude)
    #expect(abs(result[3] / exp(Float(-90)) - 1) < 1e-5)
    #expect(result[4] == 1)
    #expect(result[5...7].allSatisfy { $0 == .infinity })
    #expect(result[8].isNaN)
  }

  @Test(arguments: kernelLengths)
  func `GELU and its gradient match the error function`(count: Int) {
    var random = KernelValues(seed: 11)
    let x = random.array(count, -8, 8)
    let dy = random.array(count)
    var y = [Float](repeating: .nan, count: count)
    dq_gelu_forward(Int64(count), x, &y)
    expectClose(y, x.map { gelu(Double($0)) }, tolerance: 2e-7)
    dq_gelu_backward(Int64(count), x, dy, &y)
    let expected = zip(x, dy).map { x, dy in
      let x = Double(x)
      let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
      return Double(dy) * (erfc(-x / 2.0.squareRoot()) / 2 + x * density)
    }
    expectClose(y, expected, tolerance: 3e-7)
  }

  @Test func `GELU keeps its relative error in the lower tail`() {
    let x = stride(from: Float(-12), through: 12, by: 0.0071).map { $0 }
    var y = [Float](repeating: 0, count: x.count)
    dq_gelu_forward(Int64(x.count), x, &y)
    for (input, output) in zip(x, y) where abs(input) > 1e-3 {
      #expect(abs(Double(output) / gelu(Double(input)) - 1) < 5e-6, "at \(input)")
    }
  }

  @Test func `activations take infinities to their limits and keep NaN`() {
    let x: [Float] = [-.infinity, .infinity, .nan, 0, -1e30, 1e30]
    let ones = [Float](repeating: 1, count: x.count)
    var y = x
    for forward in [dq_gelu_forward, dq_quick_gelu_forward] {
      forward(Int64(x.count), x, &y)
      #expect(y[0] == 0 && y[1] == .infinity && y[2].isNaN && y[3] == 0)
      #expect(y[4] == 0 && y[5] == 1e30)
    }
    for backward in [dq_gelu_backward, dq_quick_gelu_backward] {
      backward(Int64(x.count), x, ones, &y)
      #expect(y[0] == 0 && y[1] == 1 && y[2].isNaN && y[3] == 0.5)
      #expect(y[4] == 0 && y[5] == 1)
    }
  }

  @Test(arguments: kernelLengths)
  func `quick GELU and its gradient match the sigmoid`(count: Int) {
    var random = KernelValues(seed: 12)
    let x = random.array(count, -8, 8)
    let dy = random.array(count)
    var y = [Float](repeating: .nan, count: count)
    // 1.702 x is rounded before the exponential: half a unit at 13 is 5e-7.
    dq_quick_gelu_forward(Int64(count), x, &y)
    expectClose(y, x.map { Double($0) * sigmoid(1.702 * Double($0)) }, tolerance: 1e-6)
    dq_quick_gelu_backward(Int64(count), x, dy, &y)
    let expected = zip(x, dy).map { x, dy in
      let s = sigmoid(1.702 * Double(x))
      return Double(dy) * (s + 1.702 * Double(x) * s * (1 - s))
    }
    expectClose(y, expected, tolerance: 1e-6)
  }

  @Test(arguments: [(1, 1), (1, 17), (3, 5), (4, 64)])
  func `a bias is added to every row`(rows: Int, width: Int) {
    var random = KernelValues(seed: 13)
    let x = random.array(rows * width)
    let bias = random.array(width)
    var y = x
    dq_bias_add(Int64(rows), Int64(width), bias, &y)
    #expect(y == x.indices.map { x[$0] + bias[$0 % width] })
  }

  private func gelu(_ x: Double) -> Double { x * erfc(-x / 2.0.squareRoot()) / 2 }
  private func sigmoid(_ z: Double) -> Double { 1 / (1 + exp(-z)) }
}
