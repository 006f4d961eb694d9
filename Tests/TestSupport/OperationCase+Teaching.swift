internal import Autodiff

extension OperationCase {
  /// What masks pictures, and what learns from a teacher.
  static let teaching: [OperationCase] = gathers + interpolations + distances

  /// Rows of a computed value, some of them kept, in any order.
  private static let gathers: [OperationCase] = [(1, [0]), (5, [0, 3, 1]), (17, [0, 2])].map {
    (width: Int, kept: [Int32]) in
    OperationCase(
      "EmbeddingLookup of kept rows \(kept), width \(width)", sizes: [.images: 2],
      ids: ["kept": kept + kept.reversed().map { $0 + 4 }], tolerance: .elementwise
    ) {
      $0.floats("x", [Extent(.images) * 4, Extent(width)]).gelu
        .rows(at: $0.ids("kept", [Extent(.images) * kept.count]))
    }
  }

  private static let interpolations: [OperationCase] =
    [(1, 1, 3), (2, 8, 12), (3, 12, 8), (3, 17, 5), (2, 5, 1), (4, 3, 33)].map {
      (rows: Int, from: Int, to: Int) in
      OperationCase("WidthInterpolation of \(rows) from \(from) to \(to)", tolerance: .product) {
        $0.floats("x", Shape(fixed: [rows, from])).interpolated(toWidth: to)
      }
    }

  private static let distances: [OperationCase] = [[1, 2], [1, 7], [4, 17], [3, 33]].map {
    (sizes: [Int]) in
    // The last of several targets has no direction.
    let last = sizes[0] > 1 ? sizes[0] - 1 : sizes[0]
    let target = (0..<sizes[0] * sizes[1]).map { index in
      index / sizes[1] < last ? Float(index * index % 11) / 4 - 1 : 0
    }
    return OperationCase(
      "CosineDistance \(sizes)", constants: ["target": target], tolerance: .reduction
    ) {
      $0.floats("x", Shape(fixed: sizes)).cosineDistance(
        to: $0.floats("target", Shape(fixed: sizes)))
    }
  }
}
