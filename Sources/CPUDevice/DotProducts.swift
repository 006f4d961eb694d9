internal import CKernels

extension CPUDevice {
  /// Rows of the longer matrix that one task takes; the cut changes no bit.
  private static let dotProductGrain = 64

  /// Dot products of all rows of two matrices; equal pairs of rows have equal products.
  ///
  /// - Parameters:
  ///   - left: [rows, width]. - right: [columns, width].
  ///   - result: [rows, columns].
  public func dotProducts(
    of left: UnsafeBufferPointer<Float>, with right: UnsafeBufferPointer<Float>, width: Int,
    into result: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(width > 0 && left.count % width == 0 && right.count % width == 0)
    let (rows, columns) = (left.count / width, right.count / width)
    precondition(
      result.count == rows * columns, "\(rows) x \(columns) products into \(result.count)")
    guard let a = left.baseAddress, let b = right.baseAddress, let c = result.baseAddress,
      rows > 0, columns > 0
    else { return }
    if rows >= columns {
      threads.run(over: rows, grain: Self.dotProductGrain) { part in
        let start = part.lowerBound
        dq_dot_products(
          Int64(part.count), Int64(columns), Int64(width), a + start * width, b,
          c + start * columns, Int64(columns))
      }
    } else {
      threads.run(over: columns, grain: Self.dotProductGrain) { part in
        let start = part.lowerBound
        dq_dot_products(
          Int64(rows), Int64(part.count), Int64(width), a, b + start * width, c + start,
          Int64(columns))
      }
    }
  }
}
