import CKernels
import Testing

/// Products over packed panels and over many rows against plain loops.
struct ProductKernelTests {
  struct Size: CustomTestStringConvertible {
    let rows: Int
    let columns: Int
    let depth: Int
    var testDescription: String { "\(rows) x \(depth) x \(columns)" }
  }

  /// One row, rests of rows after the last tile, panels of one to three vectors, depths around 16
  /// and over several blocks.
  static let sizes = [
    Size(rows: 1, columns: 16, depth: 1), Size(rows: 7, columns: 32, depth: 15),
    Size(rows: 8, columns: 48, depth: 16), Size(rows: 9, columns: 64, depth: 17),
    Size(rows: 19, columns: 80, depth: 130), Size(rows: 33, columns: 96, depth: 64),
    Size(rows: 130, columns: 112, depth: 260), Size(rows: 301, columns: 64, depth: 900),
    Size(rows: 0, columns: 16, depth: 3),
  ]

  private func panels(
    _ size: Size, _ b: [Float], transposed: Bool, _ body: (UnsafePointer<Float>) -> Void
  ) {
    let count = dq_panel_count(Int64(size.columns))
    let floats = dq_panel_floats(Int64(size.depth))
    withKernelScratch(count * floats) { scratch in
      for panel in 0..<count {
        dq_pack_panel(
          Int64(size.depth), Int64(size.columns), transposed ? 1 : 0, b,
          Int64(transposed ? size.depth : size.columns), panel, scratch + Int(panel * floats))
      }
      body(scratch)
    }
  }

  @Test(arguments: sizes, [false, true])
  func `a product over panels matches a plain loop`(size: Size, transposed: Bool) {
    var random = KernelValues(seed: 21)
    let a = random.array(size.rows * size.depth)
    let b = random.array(size.columns * size.depth)
    let start = random.array(size.columns)
    panels(size, b, transposed: transposed) { panels in
      withKernelScratch(Int64(max(1, size.rows * size.columns))) { c in
        dq_panel_product(
          Int64(size.rows), Int64(size.columns), Int64(size.depth), a, Int64(size.depth), panels,
          start, c)
        let expected = (0..<size.rows * size.columns).map { index -> Double in
          let (row, column) = (index / size.columns, index % size.columns)
          return (0..<size.depth).reduce(Double(start[column])) { sum, k in
            let factor = transposed ? b[column * size.depth + k] : b[k * size.columns + column]
            return sum + Double(a[row * size.depth + k]) * Double(factor)
          }
        }
        let values = (0..<expected.count).map { c[$0] }
        expectClose(values, expected, tolerance: 4e-6)
      }
    }
  }

  /// In one long sum the error would be 1.2e-6.
  @Test(.enabled(if: dq_panels_are_fast() != 0, "elsewhere a BLAS does it"))
  func `a product of 4,608 terms is within 4e-7 of the true one`() {
    let size = Size(rows: 24, columns: 48, depth: 4_608)
    var random = KernelValues(seed: 24)
    let a = random.array(size.rows * size.depth)
    let b = random.array(size.columns * size.depth)
    panels(size, b, transposed: true) { panels in
      withKernelScratch(Int64(size.rows * size.columns)) { c in
        dq_panel_product(
          Int64(size.rows), Int64(size.columns), Int64(size.depth), a, Int64(size.depth), panels,
          nil, c)
        var (error, norm) = (0.0, 0.0)
        for index in 0..<size.rows * size.columns {
          let (row, column) = (index / size.columns * size.depth, index % size.columns * size.depth)
          let expected = (0..<size.depth).reduce(0.0) {
            $0 + Double(a[row + $1]) * Double(b[column + $1])
          }
          error += (Double(c[index]) - expected) * (Double(c[index]) - expected)
          norm += expected * expected
        }
        #expect((error / norm).squareRoot() < 4e-7)
      }
    }
  }

  @Test func `a row of a product over panels does not depend on the other rows`() {
    let size = Size(rows: 53, columns: 80, depth: 67)
    var random = KernelValues(seed: 22)
    let a = random.array(size.rows * size.depth)
    let b = random.array(size.columns * size.depth)
    panels(size, b, transposed: true) { panels in
      withKernelScratch(Int64(2 * size.rows * size.columns)) { c in
        let (whole, parts) = (c, c + size.rows * size.columns)
        let (columns, depth) = (Int64(size.columns), Int64(size.depth))
        dq_panel_product(Int64(size.rows), columns, depth, a, depth, panels, nil, whole)
        for rows in [0..<1, 1..<9, 9..<40, 40..<53] {
          a.withUnsafeBufferPointer { a in
            dq_panel_product(
              Int64(rows.count), columns, depth, a.baseAddress! + rows.lowerBound * size.depth,
              depth, panels, nil, parts + rows.lowerBound * size.columns)
          }
        }
        for index in 0..<size.rows * size.columns { #expect(whole[index] == parts[index]) }
      }
    }
  }

  /// Here `depth` is the number of rows that are summed, `rows` the height of the result.
  @Test(arguments: sizes, [false, true])
  func `a weight's gradient matches a plain loop`(size: Size, adding: Bool) {
    var random = KernelValues(seed: 23)
    let a = random.array(size.depth * size.rows)
    let b = random.array(size.depth * size.columns)
    let count = size.rows * size.columns
    withKernelScratch(Int64(max(1, count))) { c in
      if adding { for index in 0..<count { c[index] = 3 } }
      let cut = Int64(size.rows / 3)
      for range in [(0, cut), (cut, Int64(size.rows))] {
        dq_weight_gradient(
          Int64(size.depth), Int64(size.rows), Int64(size.columns), a, b, range.0, range.1,
          adding ? 1 : 0, c)
      }
      let expected = (0..<count).map { index -> Double in
        let (row, column) = (index / size.columns, index % size.columns)
        return (0..<size.depth).reduce(adding ? 3 : 0) {
          $0 + Double(a[$1 * size.rows + row]) * Double(b[$1 * size.columns + column])
        }
      }
      expectClose((0..<count).map { c[$0] }, expected, tolerance: 4e-6)
    }
  }
}
