internal import Autodiff

/// The cases that every operation goes through, small enough for central differences: one row, odd
/// widths, widths below a vector's length, width 1, sequences of one token, all layouts.
extension OperationCase {
  public static let catalog: [OperationCase] =
    elementwise + rows + products + norms + positions + attention + pictures + maps + losses
    + teaching + views

  private static let shapes: [[Int]] = [[1, 1], [1, 7], [3, 1], [5, 17], [2, 33]]

  private static let elementwise: [OperationCase] = shapes.flatMap { sizes -> [OperationCase] in
    let shape = Shape(fixed: sizes)
    return [
      OperationCase("Add \(sizes)") { $0.floats("a", shape) + $0.floats("b", shape) },
      OperationCase("Add to itself \(sizes)") { capture in
        let a = capture.floats("a", shape)
        return a + a
      },
      OperationCase("Multiply \(sizes)") { $0.floats("a", shape) * $0.floats("b", shape) },
      OperationCase("Square \(sizes)") { capture in
        let a = capture.floats("a", shape)
        return a * a
      },
      OperationCase("Exponential \(sizes)") { $0.floats("x", shape).exponential },
      OperationCase("GELU \(sizes)") { $0.floats("x", shape).gelu },
      OperationCase("QuickGELU \(sizes)") { $0.floats("x", shape).quickGELU },
      OperationCase("ReLU \(sizes)") { $0.floats("x", shape).relu },
      OperationCase("Dropout \(sizes)") { $0.floats("x", shape).dropout(0.3).dropout(0.1) },
      OperationCase("Fill \(sizes)") { capture in
        // A gradient without upstream starts from a fill of ones; here it is 1 + 1.
        let x = capture.floats("x", shape)
        return x * (capture.graph.gradients(of: x + x, withRespectTo: [x])[0] ?? x)
      },
    ]
  }

  private static let rows: [OperationCase] =
    shapes.map { sizes in
      OperationCase("AddRow \(sizes)", tolerance: .product) {
        $0.floats("x", Shape(fixed: sizes)).addingRow($0.parameter("row", [sizes[1]]))
      }
    } + [
      OperationCase("EmbeddingLookup of one id", ids: ["ids": [2]]) {
        $0.parameter("table", [4, 3]).rows(at: $0.ids("ids", [1]))
      },
      OperationCase("EmbeddingLookup of repeated ids", ids: ["ids": [2, 0, 2, 2, 5]]) {
        $0.parameter("table", [6, 17]).rows(at: $0.ids("ids", [5]))
      },
      OperationCase(
        "EmbeddingLookup of a padded batch", sizes: [.batch: 2, .length: 3],
        ids: ["ids": [3, 1, 1, 4, 4, 1]]
      ) {
        $0.parameter("table", [5, 1]).rows(at: $0.ids("ids", [Extent(.batch), Extent(.length)]))
      },
    ]

  private static let products: [OperationCase] = [
    (1, 1, 1), (1, 7, 3), (5, 3, 17), (4, 19, 1), (3, 33, 2),
  ].flatMap { (rowCount: Int, inner: Int, columns: Int) -> [OperationCase] in
    let label = "\(rowCount) by \(inner) by \(columns)"
    let affine = [true, false].map { hasBias in
      OperationCase("AffineMap \(label), bias \(hasBias)", tolerance: .product) {
        let x = $0.floats("x", Shape(fixed: [rowCount, inner]))
        let weight = $0.parameter("weight", [columns, inner])
        return x.affineMap(
          weight: weight, bias: hasBias ? $0.parameter("bias", [columns]) : nil)
      }
    }
    let products = [(false, false), (true, false), (false, true), (true, true)].map { sides in
      OperationCase("MatrixProduct \(label), transposing \(sides)", tolerance: .product) {
        let a = $0.floats("a", Shape(fixed: sides.0 ? [inner, rowCount] : [rowCount, inner]))
        let b = $0.floats("b", Shape(fixed: sides.1 ? [columns, inner] : [inner, columns]))
        return a.matrixProduct(b, transposingLeft: sides.0, transposingRight: sides.1)
      }
    }
    return affine + products
  }

  private static let norms: [OperationCase] =
    [[1, 2], [1, 7], [4, 17], [3, 33]].flatMap {
      (sizes: [Int]) -> [OperationCase] in
      [
        OperationCase(
          "LayerNormalization \(sizes)", tolerance: sizes[1] == 2 ? .amplified : .reduction
        ) {
          $0.floats("x", Shape(fixed: sizes)).layerNormalized(
            scale: $0.parameter("scale", [sizes[1]]), shift: $0.parameter("shift", [sizes[1]]),
            epsilon: 1e-5)
        },
        OperationCase("L2Normalization \(sizes)", tolerance: .reduction) {
          $0.floats("x", Shape(fixed: sizes)).l2Normalized
        },
      ]
    } + [
      // Of one element the mean is the element itself: everything but the shift is zero.
      OperationCase("LayerNormalization [3, 1]", tolerance: .amplified) {
        $0.floats("x", [3, 1]).layerNormalized(
          scale: $0.parameter("scale", [1]), shift: $0.parameter("shift", [1]), epsilon: 1e-5)
      }
    ]

  private static let pictures: [OperationCase] =
    [(1, 1, 2, 1), (2, 3, 4, 2), (3, 1, 7, 3)].map {
      (images: Int, channels: Int, size: Int, patch: Int) in
      OperationCase(
        "PatchExtraction of \(images) times \(channels) by \(size), patch \(patch)",
        sizes: [.images: images], tolerance: .exact
      ) {
        $0.floats(
          "pixels", [Extent(.images), Extent(channels), Extent(size), Extent(size)]
        ).patches(of: patch)
      }
    }
    + [(1, 1, 1), (3, 4, 5), (2, 1, 17)].map { (images: Int, length: Int, width: Int) in
      OperationCase(
        "PrependToken to \(images) of \(length), width \(width)", sizes: [.images: images]
      ) {
        $0.floats("x", [Extent(.images) * length, Extent(width)])
          .prepending(token: $0.parameter("token", [width]), toSequencesOf: length)
      }
    }

  private static let losses: [OperationCase] = ["masked", "positive", "plain"].flatMap {
    (policy: String) -> [OperationCase] in
    let groups: [([Int32], [Int32])] = [
      ([0], [0]), ([0, 1, 2], [5, 6, 7]), ([0, 1, 0, 3, 4], [0, 1, 2, 1, 4]),
      ([2, 2, 2], [0, 1, 2]),
    ]
    return groups.map { pictures, captions in
      OperationCase(
        "SymmetricInfoNCE \(policy), pictures \(pictures), captions \(captions)",
        sizes: [.pairs: pictures.count], ids: ["pictures": pictures, "captions": captions],
        tolerance: .reduction
      ) {
        let shape: Shape = [Extent(.pairs), 5]
        return $0.graph.symmetricInfoNCE(
          image: $0.floats("image", shape).l2Normalized,
          text: $0.floats("text", shape).l2Normalized,
          scale: $0.parameter("logit_scale", [1]).exponential,
          imageGroups: $0.ids("pictures", [Extent(.pairs)]),
          textGroups: $0.ids("captions", [Extent(.pairs)]),
          repeatedPairs: SymmetricInfoNCE.RepeatedPairs(rawValue: policy) ?? .plain)
      }
    }
  }

  private static let views: [OperationCase] = [
    OperationCase("Reshape", sizes: [.tokens: 3]) {
      $0.floats("x", [Extent(.tokens), 6]).gelu.reshaped([Extent(.tokens) * 2, 3]).gelu
    },
    OperationCase("RowSlice of a parameter") {
      let table = $0.parameter("table", [5, 3])
      return table.rows(1..<3) * table.rows(3..<5)
    },
    OperationCase("RowSlice of a value") {
      $0.floats("x", [4, 17]).gelu.rows(3..<4).addingRow($0.parameter("row", [17]))
    },
    OperationCase("Reshape of a RowSlice of a parameter") {
      $0.floats("x", [3, 4]).addingRow($0.parameter("types", [2, 4]).rows(1..<2).reshaped([4]))
    },
  ]
}
