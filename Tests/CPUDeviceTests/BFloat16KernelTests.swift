import CKernels
import Testing

/// Products of pairs of BF16 against plain loops in Double over rounded operands.
@Suite(.enabled(if: dq_bfloat16_is_fast() != 0, "needs AVX512_BF16"))
struct BFloat16KernelTests {
  typealias Size = ProductKernelTests.Size

  static let sizes = [
    Size(rows: 1, columns: 16, depth: 2), Size(rows: 7, columns: 32, depth: 14),
    Size(rows: 8, columns: 48, depth: 32), Size(rows: 9, columns: 64, depth: 34),
    Size(rows: 19, columns: 80, depth: 130), Size(rows: 33, columns: 96, depth: 64),
    Size(rows: 130, columns: 112, depth: 260), Size(rows: 301, columns: 64, depth: 900),
    Size(rows: 0, columns: 16, depth: 4),
  ]

  /// To the nearest BF16, ties to the even one: what the instructions do, on the bits.
  private func rounded(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
  }

  @Test func `rounding goes to the nearest, ties to the even, in both halves of a word`() {
    var random = KernelValues(seed: 31)
    var values = random.array(94, -3, 3)
    // Ties: 1 + 2^-8 lies between 1 and 1 + 2^-7; 1 + 3 * 2^-8 between 1 + 2^-7 and 1 + 2^-6.
    values += [1.003_906_25, 1.011_718_75, -1.003_906_25, .infinity, -.infinity, 0]
    withKernelScratch(50) { words in
      dq_round_neighbours(50, values, words)
      for (index, value) in values.enumerated() {
        let word = words[index / 2].bitPattern
        let half = index % 2 == 0 ? word << 16 : word & 0xFFFF_0000
        #expect(half == rounded(value).bitPattern, "\(value)")
      }
    }
  }

  @Test func `a number that is none stays one`() {
    withKernelScratch(16) { words in
      dq_round_neighbours(1, [.nan, 1], words)
      #expect(Float(bitPattern: words[0].bitPattern << 16).isNaN)
    }
  }

  @Test(arguments: [1, 2, 5, 8], [16, 33, 96])
  func `rows are paired with those below, in panels, the last with zeros`(rows: Int, width: Int) {
    var random = KernelValues(seed: 32)
    let x = random.array(rows * width)
    let (panel, pairs, before) = (48, (rows + 1) / 2, 2)
    let length = before + pairs
    withKernelScratch(Int64(length * width)) { words in
      dq_round_rows(
        Int64(rows), Int64(width), Int64(panel), Int64(length), Int64(before), x, words)
      for row in 0..<pairs {
        for column in 0..<width {
          let first = column / panel * panel
          let own = min(panel, width - first)
          let word = words[first * length + (before + row) * own + column - first]
          let below = 2 * row + 1
          let high = below < rows ? rounded(x[below * width + column]) : 0
          let low = rounded(x[2 * row * width + column])
          #expect(word.bitPattern == high.bitPattern | low.bitPattern >> 16)
        }
      }
    }
  }

  @Test(arguments: sizes, [false, true])
  func `a product of pairs over panels matches a plain loop`(size: Size, transposed: Bool) {
    var random = KernelValues(seed: 33)
    let a = random.array(size.rows * size.depth)
    let b = random.array(size.columns * size.depth)
    let start = random.array(size.columns)
    let pairs = Int64(size.depth / 2)
    let count = dq_panel_count(Int64(size.columns))
    let floats = dq_panel_floats(pairs)
    let words = Int64(max(16, size.rows * size.depth / 2))
    withKernelScratch(count * floats) { panels in
      for panel in 0..<count {
        dq_pack_bfloat16_panel(
          pairs, Int64(size.columns), transposed ? 1 : 0, b,
          Int64(transposed ? size.depth : size.columns), panel, panels + Int(panel * floats))
      }
      withKernelScratch(words) { left in
        dq_round_neighbours(Int64(size.rows) * pairs, a, left)
        withKernelScratch(Int64(max(1, size.rows * size.columns))) { c in
          dq_bfloat16_panel_product(
            Int64(size.rows), Int64(size.columns), pairs, left, panels, start, c)
          let expected = (0..<size.rows * size.columns).map { index -> Double in
            let (row, column) = (index / size.columns, index % size.columns)
            return (0..<size.depth).reduce(Double(start[column])) { sum, k in
              let factor = transposed ? b[column * size.depth + k] : b[k * size.columns + column]
              return sum + Double(rounded(a[row * size.depth + k])) * Double(rounded(factor))
            }
          }
          expectClose((0..<expected.count).map { c[$0] }, expected, tolerance: 4e-6)
        }
      }
    }
  }

  /// Here `depth` is the number of rows that are summed, `rows` the height of the result.
  @Test(arguments: sizes + [Size(rows: 24, columns: 48, depth: 9)], [false, true])
  func `a weight's gradient of pairs matches a plain loop`(size: Size, adding: Bool) {
    var random = KernelValues(seed: 34)
    let a = random.array(size.depth * size.rows)
    let b = random.array(size.depth * size.columns)
    let count = size.rows * size.columns
    let pairs = (size.depth + 1) / 2
    withKernelScratch(Int64(pairs * (size.rows + size.columns) + 16)) { words in
      let right = words + pairs * size.rows
      // In two goes, as threads do it.
      let half = (pairs + 1) / 2
      for (begin, end) in [(0, half), (half, pairs)] {
        let first = min(2 * begin, size.depth)
        let rows = Int64(min(2 * end, size.depth) - first)
        dq_round_rows(
          rows, Int64(size.rows), Int64(DQ_LEFT_PANEL), Int64(pairs), Int64(begin),
          Array(a[(first * size.rows)...]), words)
        dq_round_rows(
          rows, Int64(size.columns), Int64(DQ_RIGHT_PANEL), Int64(pairs), Int64(begin),
          Array(b[(first * size.columns)...]), right)
      }
      withKernelScratch(Int64(max(1, count))) { c in
        if adding { for index in 0..<count { c[index] = 3 } }
        let cut = min(Int64(size.rows), Int64(DQ_LEFT_PANEL))
        let middle = Int64(pairs / 3)
        for range in [(0, cut), (cut, Int64(size.rows))] {
          for part in [(0, middle), (middle, Int64(pairs))] {
            dq_bfloat16_weight_gradient(
              Int64(pairs), part.0, part.1, Int64(size.rows), Int64(size.columns), words, right,
              range.0, range.1, adding || part.0 > 0 ? 1 : 0, c)
          }
        }
        let expected = (0..<count).map { index -> Double in
          let (row, column) = (index / size.columns, index % size.columns)
          return (0..<size.depth).reduce(adding ? 3 : 0) {
            $0 + Double(rounded(a[$1 * size.rows + row]))
              * Double(rounded(b[$1 * size.columns + column]))
          }
        }
        expectClose((0..<count).map { c[$0] }, expected, tolerance: 4e-6)
      }
    }
  }
}
