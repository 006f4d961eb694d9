/// A vision transformer's position embeddings as a picture: a grid of patches, after the row of the
/// class token.
///
/// Other picture sizes have other grids, to which Chinese-CLIP interpolates (its model.py,
/// `resize_pos_embed`): bicubic, corners on corners, as PyTorch's `interpolate` with
/// `align_corners`. Its kernel is Keys 1981, "Cubic convolution interpolation", with a = -0.75.
public struct PositionGrid: Sendable {
  /// Where a model with a vision transformer has them.
  public static let path = "image/positions"

  private let values: [Float]
  private let width: Int
  /// Patches on each side.
  private let side: Int

  /// - Parameter values: [side * side + 1, width].
  /// - Returns: nothing if there is no such side.
  public init?(_ values: [Float], width: Int) {
    guard width > 0, values.count % width == 0,
      let side = PositionGrid.side(rows: values.count / width)
    else { return nil }
    (self.values, self.width, self.side) = (values, width, side)
  }

  /// The positions of a grid with so many rows in all, the class token's among them.
  ///
  /// - Returns: nothing if that is no square and one; [rows, width].
  public func resized(toRows rows: Int) -> [Float]? {
    guard let newSide = PositionGrid.side(rows: rows) else { return nil }
    if newSide == side { return values }
    let taps = (0..<newSide).map { Taps(at: $0, of: newSide, from: side) }
    var result = Array(values[..<width])
    result.reserveCapacity(rows * width)
    for row in taps {
      for column in taps {
        for channel in 0..<width {
          var sum = 0.0
          for (y, vertical) in row.weights {
            for (x, horizontal) in column.weights {
              sum += vertical * horizontal * Double(values[(1 + y * side + x) * width + channel])
            }
          }
          result.append(Float(sum))
        }
      }
    }
    return result
  }

  private static func side(rows: Int) -> Int? {
    let side = Int(Double(max(rows - 1, 0)).squareRoot().rounded())
    return side > 0 && side * side + 1 == rows ? side : nil
  }

  /// The four old places that a new one is interpolated from, edges repeated.
  private struct Taps {
    let weights: [(place: Int, weight: Double)]

    init(at place: Int, of count: Int, from oldCount: Int) {
      let position = count > 1 ? Double(place * (oldCount - 1)) / Double(count - 1) : 0
      let first = Int(position)
      weights = (-1...2).map { offset in
        let distance = abs(position - Double(first + offset))
        return (min(max(first + offset, 0), oldCount - 1), Taps.kernel(distance))
      }
    }

    private static func kernel(_ z: Double) -> Double {
      let a = -0.75
      if z <= 1 { return ((a + 2) * z - (a + 3)) * z * z + 1 }
      return z < 2 ? ((a * z - 5 * a) * z + 8 * a) * z - 4 * a : 0
    }
  }
}
