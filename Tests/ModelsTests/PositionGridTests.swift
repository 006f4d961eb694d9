import Testing

@testable import Models

/// Positions for other picture sizes, against numbers that the original's code gave.
@Suite struct PositionGridTests {
  private let width = 32

  private var original: [Float] {
    GoldenFill.values(of: "visual.positional_embedding", count: 10 * width)
  }

  @Test func `a grid of three by three becomes the original's of five by five`() throws {
    let grid = try #require(PositionGrid(original, width: width))
    let resized = try #require(grid.resized(toRows: 26))
    #expect(resized.count == 26 * width)
    #expect(Array(resized[..<width]) == Array(original[..<width]))
    let expected: [Float] = [
      0.16267, 0.06093, -0.00341, 0.08075, 0.19605, 0.16496, 0.02391, -0.10378, -0.09334,
      -0.03251, 0.17414, 0.01160, -0.16857, -0.24768, -0.26253, 0.19359, 0.07287, -0.08916,
      -0.22581, -0.30945, 0.21089, 0.14339, 0.02121, -0.14236, -0.27038,
    ]
    for (row, value) in expected.enumerated() {
      #expect(abs(resized[(1 + row) * width] - value) < 1e-5, "place \(row)")
    }
  }

  @Test func `corners stay where they are, and so does a grid of the same size`() throws {
    let grid = try #require(PositionGrid(original, width: width))
    #expect(grid.resized(toRows: 10) == original)
    for side in [2, 4, 7] {
      let resized = try #require(grid.resized(toRows: side * side + 1))
      let corners = [(0, 0), (side - 1, 2), (side * (side - 1), 6), (side * side - 1, 8)]
      for (new, old) in corners {
        for channel in 0..<width {
          let difference =
            resized[(1 + new) * width + channel] - original[(1 + old) * width + channel]
          #expect(abs(difference) < 1e-6)
        }
      }
    }
  }

  @Test func `what is no square grid is refused`() throws {
    #expect(PositionGrid([Float](repeating: 0, count: 9 * 4), width: 4) == nil)
    #expect(PositionGrid([Float](repeating: 0, count: 4), width: 4) == nil)
    #expect(PositionGrid([0, 0, 0], width: 2) == nil)
    let grid = try #require(PositionGrid(original, width: width))
    #expect(grid.resized(toRows: 27) == nil)
  }
}
