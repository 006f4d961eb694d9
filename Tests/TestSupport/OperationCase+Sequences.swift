internal import Autodiff

/// How a case's rows form sequences, and the values of the layout's inputs.
struct SequenceCase: Sendable {
  enum Layout: String, Sendable, CaseIterable {
    case equal
    case packed
    case padded
  }

  let layout: Layout
  let lengths: [Int]

  /// Equal lengths come with equal sequences only.
  static let all: [SequenceCase] = Layout.allCases.flatMap { layout in
    [[1], [1, 1, 1], [3, 3], [3, 1, 4]].compactMap { lengths in
      if layout == .equal, Set(lengths).count > 1 { return nil }
      return SequenceCase(layout: layout, lengths: lengths)
    }
  }

  var name: String { "\(layout.rawValue) \(lengths)" }
  var longest: Int { lengths.max() ?? 0 }

  var sizes: AxisSizes {
    switch layout {
    case .equal: [.images: lengths.count]
    case .packed: [.tokens: lengths.reduce(0, +), .sequences: lengths.count]
    case .padded: [.batch: lengths.count, .length: longest]
    }
  }

  var ids: [String: [Int32]] {
    switch layout {
    case .equal: return [:]
    case .packed:
      var starts: [Int32] = []
      var next: Int32 = 0
      for length in lengths {
        starts.append(next)
        next += Int32(length)
      }
      return ["starts": starts, "lengths": lengths.map(Int32.init)]
    case .padded:
      return [
        "attention_mask": lengths.flatMap { length in
          (0..<longest).map { $0 < length ? 1 : 0 }
        }
      ]
    }
  }

  /// 1 for each element of a row that counts, 0 for padding.
  func keeping(width: Int) -> [Float] {
    lengths.flatMap { length in
      (0..<(layout == .padded ? longest : length)).flatMap { position in
        [Float](repeating: position < length ? 1 : 0, count: width)
      }
    }
  }

  func tokenLayout(in graph: Graph) -> TokenLayout {
    switch layout {
    case .equal: .equal(sequences: .images, length: longest)
    case .packed: .packed(in: graph)
    case .padded: .padded(in: graph)
    }
  }
}

extension OperationCase {
  static let positions: [OperationCase] = SequenceCase.all.flatMap {
    (sequences: SequenceCase) -> [OperationCase] in
    [1, 5, 17].flatMap { width in
      [
        // What padding rows hold is nobody's business, so they are left out of the loss.
        OperationCase(
          "AddPositions \(sequences.name), width \(width)", sizes: sequences.sizes,
          ids: sequences.ids, constants: ["keeping": sequences.keeping(width: width)]
        ) {
          let layout = sequences.tokenLayout(in: $0.graph)
          let x = $0.floats("x", [layout.rows, Extent(width)])
          let table = $0.parameter("table", [8, width])
          return x.addingPositions(table, layout: layout)
            * $0.floats("keeping", [layout.rows, Extent(width)])
        },
        OperationCase(
          "FirstToken \(sequences.name), width \(width)", sizes: sequences.sizes,
          ids: sequences.ids, tolerance: .exact
        ) {
          let layout = sequences.tokenLayout(in: $0.graph)
          return $0.floats("x", [layout.rows, Extent(width)]).firstTokens(layout: layout)
        },
      ]
    }
  }

  static let attention: [OperationCase] = SequenceCase.all.flatMap {
    (sequences: SequenceCase) -> [OperationCase] in
    [(1, 1, 0), (2, 6, 0), (3, 9, 0.25), (1, 17, 0.5)].map {
      (heads: Int, width: Int, rate: Float) in
      OperationCase(
        "Attention \(sequences.name), \(heads) heads of \(width), dropout \(rate)",
        sizes: sequences.sizes, ids: sequences.ids, tolerance: .reduction
      ) {
        let layout = sequences.tokenLayout(in: $0.graph)
        let shape: Shape = [layout.rows, Extent(width)]
        return $0.floats("queries", shape).attention(
          keys: $0.floats("keys", shape), values: $0.floats("values", shape), headCount: heads,
          layout: layout, dropout: rate)
      }
    }
  }
}

extension OperationCase {
  /// A pre-norm transformer block with pooling, in every layout, as the towers have it.
  public static let blocks: [OperationCase] = SequenceCase.Layout.allCases.map { layout in
    let lengths = layout == .equal ? [3, 3] : [3, 1]
    let sequences = SequenceCase(layout: layout, lengths: lengths)
    return OperationCase(
      "block \(sequences.name)", sizes: sequences.sizes, ids: sequences.ids, tolerance: .block
    ) { capture in
      let layout = sequences.tokenLayout(in: capture.graph)
      let x = capture.floats("x", [layout.rows, 4])
      return block(x, layout: layout, capture).firstTokens(layout: layout)
    }
  }

  private static func block(
    _ x: Tensor, layout: TokenLayout, _ capture: OperationCapture
  ) -> Tensor {
    func project(_ x: Tensor, _ name: String, _ columns: Int, _ inner: Int) -> Tensor {
      x.affineMap(
        weight: capture.parameter("\(name)/weight", [columns, inner]),
        bias: capture.parameter("\(name)/bias", [columns]))
    }
    func normalize(_ x: Tensor, _ name: String) -> Tensor {
      x.layerNormalized(
        scale: capture.parameter("\(name)/scale", [4]),
        shift: capture.parameter("\(name)/shift", [4]), epsilon: 1e-5)
    }
    let positioned = x.addingPositions(capture.parameter("positions", [3, 4]), layout: layout)
    let n = normalize(positioned, "attention_norm")
    let attended = project(n, "query", 4, 4).attention(
      keys: project(n, "key", 4, 4), values: project(n, "value", 4, 4), headCount: 2,
      layout: layout)
    let y = positioned + project(attended, "output", 4, 4)
    return y + project(project(normalize(y, "mlp_norm"), "in", 5, 4).gelu, "out", 4, 5)
  }
}
