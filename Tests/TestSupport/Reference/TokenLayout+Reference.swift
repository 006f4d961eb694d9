internal import Autodiff

extension TokenLayout.Kind {
  /// The rows of each sequence that count, first to last.
  ///
  /// - Parameter tensors: the layout's own tensors, in the order of ``TokenLayout/tensors``.
  func sequences(rows: Int, tensors: ArraySlice<ReferenceArray>) -> [[Int]] {
    let tensors = Array(tensors)
    switch self {
    case .equal(let length):
      return (0..<rows / length).map { Array($0 * length..<($0 + 1) * length) }
    case .packed:
      return zip(tensors[0].values, tensors[1].values).map { start, length in
        Array(Int(start)..<Int(start + length))
      }
    case .padded:
      let mask = tensors[0]
      return (0..<mask.rows).map { sequence in
        var counting: [Int] = []
        for column in 0..<mask.width {
          if mask[sequence, column] == 0 { break }
          counting.append(sequence * mask.width + column)
        }
        return counting
      }
    }
  }
}
