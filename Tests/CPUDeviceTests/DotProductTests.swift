import CPUDevice
import Testing

@Suite struct DotProductTests {
  private func products(
    _ left: [Float], _ right: [Float], width: Int, threads: Int = 2
  ) -> [Float] {
    var result = [Float](
      repeating: .nan, count: left.count / width * (right.count / width))
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in
        result.withUnsafeMutableBufferPointer {
          CPUDevice(threadCount: threads).dotProducts(
            of: left, with: right, width: width, into: $0)
        }
      }
    }
    return result
  }

  @Test(arguments: [1, 2, 3, 65, 130], [1, 2, 63, 64, 129])
  func `all products are those of Double`(rows: Int, columns: Int) {
    for width in [1, 15, 16, 33] {
      var values = KernelValues(seed: UInt64(rows * 1_000 + columns * 10 + width))
      let (left, right) = (values.array(rows * width), values.array(columns * width))
      let expected = (0..<rows).flatMap { row in
        (0..<columns).map { column in
          (0..<width).reduce(0.0) {
            $0 + Double(left[row * width + $1]) * Double(right[column * width + $1])
          }
        }
      }
      expectClose(products(left, right, width: width), expected, tolerance: 1e-6)
    }
  }

  @Test func `equal pairs of rows have equal bits wherever they stand`() {
    let width = 77
    var values = KernelValues(seed: 5)
    let (query, answer) = (values.array(width), values.array(width))
    let left = (0..<7).flatMap { _ in query }
    let right = (0..<131).flatMap { _ in answer }
    let first = products(query, answer, width: width)[0]
    #expect(products(left, right, width: width).allSatisfy { $0 == first })
    #expect(products(right, left, width: width, threads: 1).allSatisfy { $0 == first })
  }

  @Test func `no rows give no products`() {
    #expect(products([], [1, 2], width: 2).isEmpty)
  }
}
