import Autodiff
import TestSupport

extension OperationCase {
  /// The catalog, padding ids, and sizes that several tasks share.
  static let comparisons = catalog + padded + large

  private static let padded: [OperationCase] = [
    OperationCase("EmbeddingLookup with padding", ids: ["ids": [0, 3, 1, 0, 0]]) {
      $0.parameter("table", [4, 17]).rows(at: $0.ids("ids", [5]), paddingID: 0)
    }
  ]

  /// Big enough for several tasks and for rests after the last full vector.
  static let large: [OperationCase] =
    largeElementwise + largeRows + largeMaps + largeSequences
    + largeLosses

  private static let largeElementwise: [OperationCase] = [
    OperationCase("large elementwise chain") { capture in
      let shape: Shape = [301, 133]
      let (a, b) = (capture.floats("a", shape), capture.floats("b", shape))
      return ((a + b).gelu * b.quickGELU + a.exponential).dropout(0.2)
    }
  ]

  private static let largeRows: [OperationCase] = [
    OperationCase("large AffineMap", tolerance: .product) {
      $0.floats("x", [311, 65]).affineMap(
        weight: $0.parameter("weight", [97, 65]), bias: $0.parameter("bias", [97]))
    },
    OperationCase("large MatrixProduct of transposed factors", tolerance: .product) {
      $0.floats("a", [65, 311]).matrixProduct(
        $0.floats("b", [97, 65]), transposingLeft: true, transposingRight: true)
    },
    OperationCase("large LayerNormalization", tolerance: .reduction) {
      $0.floats("x", [307, 131]).layerNormalized(
        scale: $0.parameter("scale", [131]), shift: $0.parameter("shift", [131]), epsilon: 1e-12)
    },
    OperationCase("large L2Normalization", tolerance: .reduction) {
      $0.floats("x", [307, 131]).l2Normalized
    },
    OperationCase("large AddRow", tolerance: .reduction) {
      $0.floats("x", [307, 131]).addingRow($0.parameter("row", [131]))
    },
    OperationCase(
      "large EmbeddingLookup", ids: ["ids": (0..<999).map { Int32($0 * $0 % 53) }],
      tolerance: .product
    ) {
      $0.parameter("table", [53, 67]).rows(at: $0.ids("ids", [999]), paddingID: 4)
    },
    OperationCase("large pictures", sizes: [.images: 5], tolerance: .product) {
      let pixels: Shape = [Extent(.images), 3, 27, 27]
      return $0.floats("pixels", pixels).patches(of: 4)
        .prepending(token: $0.parameter("token", [48]), toSequencesOf: 36)
        .addingPositions(
          $0.parameter("positions", [37, 48]), layout: .equal(sequences: .images, length: 37)
        ).firstTokens(layout: .equal(sequences: .images, length: 37))
    },
  ]

  /// Several blocks and parts of a convolution; channels that panels take and that they do not.
  private static let largeMaps: [OperationCase] =
    [(16, 32, 1), (3, 32, 2), (16, 5, 1)].map { (channels: Int, filters: Int, stride: Int) in
      OperationCase(
        "large Convolution of \(channels) channels, stride \(stride), \(filters) filters",
        sizes: [.images: 4], tolerance: .product
      ) {
        $0.floats("x", [Extent(.images) * (35 * 35), Extent(channels)]).convolved(
          with: $0.parameter("filters", [filters, channels, 3, 3]), side: 35, stride: stride,
          padding: 1)
      }
    } + [
      OperationCase("large BatchNormalization", tolerance: .reduction) {
        $0.floats("x", [1_307, 131]).batchNormalized(
          scale: $0.parameter("scale", [131]), shift: $0.parameter("shift", [131]), epsilon: 1e-5
        ).rows
      },
      OperationCase("large maps", sizes: [.images: 7], tolerance: .reduction) {
        $0.floats("x", [Extent(.images) * (24 * 24), 67]).averagePooled(side: 24, window: 2)
          .prependingMean(toSequencesOf: 144)
      },
    ]

  private static let largeSequences: [OperationCase] = {
    let lengths: [Int32] = [33, 1, 52, 17, 2, 64, 16]
    let starts: [Int32] = [0, 33, 34, 86, 103, 105, 169]
    return [Float(0), 0.1].map { rate in
      OperationCase(
        "large packed Attention, dropout \(rate)", sizes: [.tokens: 185, .sequences: 7],
        ids: ["starts": starts, "lengths": lengths], tolerance: .reduction
      ) {
        let layout = TokenLayout.packed(in: $0.graph)
        let shape: Shape = [layout.rows, 26]
        return $0.floats("queries", shape).attention(
          keys: $0.floats("keys", shape), values: $0.floats("values", shape), headCount: 2,
          layout: layout, dropout: rate
        ).addingPositions($0.parameter("positions", [70, 26]), layout: layout)
      }
    }
  }()

  private static let largeLosses: [OperationCase] = [
    largeLoss(.masked), largeLoss(.positive), largeLoss(.plain), largeDistance,
  ]

  /// Kept rows of pictures against a wider target.
  private static let largeDistance: OperationCase = {
    let kept: [Int32] = (0..<Int32(540)).map { $0 / 9 * 17 + $0 * 5 % 17 }
    let target: [Float] = (0..<540 * 131).map { Float($0 * 7 % 29) / 8 - 1.7 }
    return OperationCase(
      "large CosineDistance", sizes: [.images: 60], ids: ["kept": kept],
      constants: ["target": target], tolerance: .reduction
    ) {
      let rows = Extent(.images) * 9
      let x = $0.floats("x", [Extent(.images) * 17, 67])
      let student = x.rows(at: $0.ids("kept", [rows])).gelu
      return student.interpolated(toWidth: 131).cosineDistance(
        to: $0.floats("target", [rows, 131]))
    }
  }()

  /// More than one tile each way; some pictures and some captions are repeated.
  private static func largeLoss(_ policy: SymmetricInfoNCE.RepeatedPairs) -> OperationCase {
    let pairs = 0..<Int32(531)
    let pictures: [Int32] = pairs.map { $0 % 400 }
    let captions: [Int32] = pairs.map { $0.isMultiple(of: 7) ? $0 % 490 : $0 + 1_000 }
    return OperationCase(
      "large SymmetricInfoNCE \(policy)", sizes: [.pairs: pairs.count],
      ids: ["pictures": pictures, "captions": captions], tolerance: .reduction
    ) { capture in
      let shape: Shape = [Extent(.pairs), 9]
      return capture.graph.symmetricInfoNCE(
        image: capture.floats("image", shape).l2Normalized,
        text: capture.floats("text", shape).l2Normalized,
        scale: capture.parameter("logit_scale", [1]).exponential,
        imageGroups: capture.ids("pictures", [Extent(.pairs)]),
        textGroups: capture.ids("captions", [Extent(.pairs)]), repeatedPairs: policy)
    }
  }
}
