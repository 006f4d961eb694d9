import Testing

@testable import Training

@Suite struct UnitVectorsTests {
  @Test func `the direction of a sum has length 1`() {
    let direction = UnitVectors.direction(ofSum: [[1, 0, 0], [0, 1, 0]])
    let half = Float(0.5).squareRoot()
    #expect(zip(direction, [half, half, 0]).allSatisfy { abs($0 - $1) < 1e-7 })
  }

  @Test func `vectors that cancel out give zeros, not what is not a number`() {
    #expect(UnitVectors.direction(ofSum: [[1, -2], [-1, 2]]) == [0, 0])
  }
}
