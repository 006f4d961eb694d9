import CKernels
import Testing

/// Sums, rows of tables, patches and AdamW against plain loops.
struct ReductionKernelTests {
  @Test(arguments: [(0, 4), (1, 1), (3, 5), (9, 16), (4, 64), (6, 131), (2, 768)])
  func `column sums are added into the destination`(rows: Int, width: Int) {
    var random = KernelValues(seed: 1)
    let x = random.array(rows * width)
    var out = [Float](repeating: 3, count: width)
    dq_column_sum(Int64(rows), Int64(width), x, &out)
    let expected = (0..<width).map { column in
      (0..<rows).reduce(3.0) { $0 + Double(x[$1 * width + column]) }
    }
    expectClose(out, expected, tolerance: 5e-7)
  }

  @Test(arguments: kernelLengths)
  func `sums in Double match a plain loop`(count: Int) {
    var random = KernelValues(seed: 2)
    let x = random.array(count)
    let sum = x.reduce(0) { $0 + Double($1) }
    let squares = x.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(abs(dq_sum(Int64(count), x) - sum) < 1e-12)
    #expect(abs(dq_sum_squares(Int64(count), x) - squares) <= 1e-13 * squares)
  }

  /// The documented order: element i in partial sum i mod 16, then sums at distance 8 to 1.
  @Test(arguments: kernelLengths)
  func `sums are added in the documented order, to the last bit`(count: Int) {
    var random = KernelValues(seed: 3)
    let x = random.array(count)
    var partial = [Double](repeating: 0, count: 16)
    for index in 0..<count { partial[index % 16] += Double(x[index]) }
    for half in [8, 4, 2, 1] {
      for lane in 0..<half { partial[lane] += partial[lane + half] }
    }
    #expect(dq_sum(Int64(count), x) == partial[0])
  }

  @Test(arguments: [1, 15, 16, 37])
  func `rows are gathered and scattered by number`(width: Int) {
    var random = KernelValues(seed: 4)
    let table = random.array(5 * width)
    let ids: [Int32] = [4, 0, 4, 2]
    let x = random.array(4 * width)
    let w = Int64(width)
    let picked = ids.flatMap { table[Int($0) * width..<(Int($0) + 1) * width] }
    var out = [Float](repeating: .nan, count: 4 * width)
    dq_gather_rows(4, w, ids, table, &out)
    #expect(out == picked)

    var expected = table
    for (row, id) in ids.enumerated() {
      for column in 0..<width { expected[Int(id) * width + column] += x[row * width + column] }
    }
    var split = table
    for (begin, end) in [(0, width / 3), (width / 3, width)] {
      dq_scatter_add_rows(4, w, Int64(begin), Int64(end), ids, x, &split)
    }
    #expect(split == expected)
  }

  @Test(arguments: [(4, 4, 2), (5, 7, 3), (6, 6, 6), (3, 3, 4), (32, 48, 16)])
  func `patches are cut in channel, row, column order and put back`(
    height: Int, width: Int, patch: Int
  ) {
    let (images, channels) = (2, 3)
    let (gridRows, gridColumns) = (height / patch, width / patch)
    var random = KernelValues(seed: 5)
    let pixels = random.array(images * channels * height * width)
    var expected: [Float] = []
    var covered = [Float](repeating: 0, count: pixels.count)
    for image in 0..<images {
      for i in 0..<gridRows {
        for j in 0..<gridColumns {
          for channel in 0..<channels {
            for y in 0..<patch {
              for x in 0..<patch {
                let row = (image * channels + channel) * height + i * patch + y
                expected.append(pixels[row * width + j * patch + x])
                covered[row * width + j * patch + x] = pixels[row * width + j * patch + x]
              }
            }
          }
        }
      }
    }
    var out = [Float](repeating: .nan, count: expected.count)
    dq_extract_patches(
      Int64(images), Int64(channels), Int64(height), Int64(width), Int64(patch), pixels, &out)
    #expect(out == expected)
    var back = [Float](repeating: .nan, count: pixels.count)
    dq_assemble_patches(
      Int64(images), Int64(channels), Int64(height), Int64(width), Int64(patch), out, &back)
    #expect(back == covered)
  }

  @Test(arguments: kernelLengths)
  func `AdamW follows PyTorch's order`(count: Int) {
    var random = KernelValues(seed: 6)
    var parameters = random.array(count)
    var first = [Float](repeating: 0, count: count)
    var second = first
    var expected = parameters.map(Double.init)
    var m = expected.map { _ in 0.0 }
    var v = m
    for step in 1...3 {
      let gradients = random.array(count)
      let corrections = (1 - pow(0.9, step), 1 - pow(0.98, step))
      dq_adamw(
        Int64(count), &parameters, gradients, &first, &second, 0.01, 0.2, 0.9, 0.98, 1e-6,
        Float(corrections.0), Float(corrections.1), 0.5)
      for index in 0..<count {
        let g = 0.5 * Double(gradients[index])
        expected[index] -= 0.01 * 0.2 * expected[index]
        m[index] = 0.9 * m[index] + 0.1 * g
        v[index] = 0.98 * v[index] + 0.02 * g * g
        let root = (v[index] / corrections.1).squareRoot()
        expected[index] -= 0.01 * (m[index] / corrections.0) / (root + 1e-6)
      }
    }
    expectClose(parameters, expected, tolerance: 1e-6)
    expectClose(first, m, tolerance: 1e-6)
    expectClose(second, v, tolerance: 1e-6)
  }

  /// Parameters without a gradient still decay, and divide 0 by epsilon, not by 0.
  @Test func `AdamW with zero gradients only decays`() {
    var parameters: [Float] = [1, -2]
    var moments: [Float] = [0, 0]
    var squares: [Float] = [0, 0]
    dq_adamw(
      2, &parameters, [0, 0], &moments, &squares, 0.1, 0.5, 0.9, 0.999, 1e-8, 0.1, 0.001, 1)
    expectClose(parameters, [0.95, -1.9], tolerance: 1e-7)
  }

  private func pow(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }
}
