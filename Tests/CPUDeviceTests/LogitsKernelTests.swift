import CKernels
import Foundation
import Testing

/// Tiles of logits against a whole matrix in Double.
struct LogitsKernelTests {
  static let shapes = [(1, 1), (1, 16), (5, 3), (7, 33), (40, 50)]

  /// Values of [m, n] in rows of `stride` floats, some of them masked, NaN behind the rows.
  private func tile(_ m: Int, _ n: Int, stride: Int) -> [Float] {
    var random = KernelValues(seed: UInt64(m * 100 + n))
    var s = [Float](repeating: .nan, count: m * stride)
    for i in 0..<m {
      for j in 0..<n {
        let value = random.next(-50, 50)
        s[i * stride + j] = (i * 7 + j * 3) % 5 == 1 ? -.infinity : value
      }
    }
    return s
  }

  private func logSumExp(_ values: [Double]) -> Double {
    let top = values.max() ?? -.infinity
    return top == -.infinity ? top : top + log(values.reduce(0) { $0 + exp($1 - top) })
  }

  @Test(arguments: shapes)
  func `log-sum-exp over tiles matches the whole matrix`(m: Int, n: Int) {
    let stride = n + 3
    let s = tile(m, n, stride: stride)
    let cutRow = m / 2
    let cutColumn = n / 3
    var rowMax = [Float](repeating: -.infinity, count: m)
    var rowSum = [Float](repeating: 0, count: m)
    var columnMax = [Float](repeating: -.infinity, count: n)
    var columnSum = [Float](repeating: 0, count: n)
    s.withUnsafeBufferPointer { s in
      for (begin, end) in [(0, cutColumn), (cutColumn, n)] {
        dq_row_logsumexp_update(
          Int64(m), Int64(end - begin), s.baseAddress! + begin, Int64(stride), &rowMax, &rowSum)
      }
      for (begin, end) in [(0, cutRow), (cutRow, m)] {
        dq_column_logsumexp_update(
          Int64(end - begin), Int64(n), s.baseAddress! + begin * stride, Int64(stride),
          &columnMax, &columnSum)
      }
    }
    let byRow = (0..<m).map { i in logSumExp((0..<n).map { Double(s[i * stride + $0]) }) }
    let byColumn = (0..<n).map { j in logSumExp((0..<m).map { Double(s[$0 * stride + j]) }) }
    expectClose(zip(rowMax, rowSum).map { $0 + log($1) }, byRow, tolerance: 1e-6)
    expectClose(zip(columnMax, columnSum).map { $0 + log($1) }, byColumn, tolerance: 1e-6)
  }

  @Test func `a fully masked tile changes nothing and makes no NaN`() {
    let s = [Float](repeating: -.infinity, count: 20)
    var maximum: [Float] = [-.infinity, 2]
    var sum: [Float] = [0, 3]
    dq_row_logsumexp_update(2, 10, s, 10, &maximum, &sum)
    #expect(maximum == [-.infinity, 2] && sum == [0, 3])
    dq_column_logsumexp_update(10, 2, s, 2, &maximum, &sum)
    #expect(maximum == [-.infinity, 2] && sum == [0, 3])
    var out = s
    dq_softmax_gradient_tile(1, 2, s, 2, [-.infinity], [-.infinity, 0], 1, 1, &out)
    #expect(out[0] == 0 && out[1] == 0)
  }

  @Test(arguments: shapes)
  func `the softmax gradient of a tile matches Double, in place too`(m: Int, n: Int) {
    let stride = n + 2
    let s = tile(m, n, stride: stride)
    let rowLSE = (0..<m).map { Float(51 + $0) }
    let columnLSE = (0..<n).map { Float(52 - $0 % 3) }
    var expected = s
    for i in 0..<m {
      for j in 0..<n {
        let value = Double(s[i * stride + j])
        let ofRow = exp(value - Double(rowLSE[i]))
        let ofColumn = exp(value - Double(columnLSE[j]))
        expected[i * stride + j] = Float(0.25 * ofRow + 2 * ofColumn)
      }
    }
    var out = s
    out.withUnsafeMutableBufferPointer {
      dq_softmax_gradient_tile(
        Int64(m), Int64(n), $0.baseAddress!, Int64(stride), rowLSE, columnLSE, 0.25, 2,
        $0.baseAddress!)
    }
    expectClose(out, expected.map(Double.init), tolerance: 1e-6)
  }

  @Test func `a repeated group is masked except on the diagonal`() {
    let groups: [Int32] = [1, 2, 1, 3, 2, 2]
    let (firstRow, firstColumn, m, n, stride) = (1, 2, 4, 3, 5)
    let before = (0..<m * stride).map(Float.init)
    var s = before
    dq_mask_tile(
      Int64(m), Int64(n), &s, Int64(stride), Array(groups[firstRow..<firstRow + m]),
      Array(groups[firstColumn..<firstColumn + n]), Int64(firstRow), Int64(firstColumn))
    for i in 0..<m {
      for j in 0..<stride {
        let isMasked =
          j < n && groups[firstRow + i] == groups[firstColumn + j]
          && firstRow + i != firstColumn + j
        #expect(s[i * stride + j] == (isMasked ? -.infinity : before[i * stride + j]))
      }
    }
    #expect(s.contains(-.infinity))
  }
}
