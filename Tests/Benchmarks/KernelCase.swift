internal import Autodiff

/// Operations at sizes that towers give them.
struct KernelCase {
  let title: String
  let sizes: AxisSizes
  let integers: [String: [Int32]]
  /// Which operations of the graph are reported; `nil` for all.
  private let wanted: [String]?
  let build: (Graph) -> (output: Tensor, targets: [Tensor])

  private init(
    _ title: String, sizes: AxisSizes = [:], integers: [String: [Int32]] = [:],
    reporting wanted: [String]? = nil,
    _ build: @escaping (Graph) -> (output: Tensor, targets: [Tensor])
  ) {
    self.title = title
    self.sizes = sizes
    self.integers = integers
    self.wanted = wanted
    self.build = build
  }

  func reports(_ operation: String) -> Bool { wanted?.contains(operation) ?? true }

  static var all: [KernelCase] { elementwise + rows + attention + indexing + losses }

  private static func title(_ sizes: Int...) -> String {
    sizes.map { "\($0)" }.joined(separator: " x ")
  }

  private static func wide(_ graph: Graph, _ rows: Int, _ width: Int) -> Tensor {
    graph.input("x", [Extent(rows), Extent(width)])
  }

  private static var elementwise: [KernelCase] {
    let (rows, width) = (2_080, 768)
    let name = title(rows, width)
    return [
      KernelCase(name) { graph in
        (wide(graph, rows, width) + graph.input("y", [Extent(rows), Extent(width)]), [])
      },
      KernelCase(name) { graph in
        (wide(graph, rows, width) * graph.input("y", [Extent(rows), Extent(width)]), [])
      },
      KernelCase(name) { graph in
        let x = wide(graph, rows, width)
        return (x.gelu, [x])
      },
      KernelCase(name) { graph in
        let x = wide(graph, rows, width)
        return (x.quickGELU, [x])
      },
      KernelCase(name) { graph in
        let x = wide(graph, rows, width)
        return (x.dropout(0.1), [x])
      },
      KernelCase(name) { graph in
        let x = wide(graph, rows, width)
        let row = graph.input("row", [Extent(width)])
        return (x.addingRow(row), [row])
      },
    ]
  }

  private static var rows: [KernelCase] {
    [(2_080, 192), (1_576, 768)].flatMap { rows, width in
      let name = title(rows, width)
      return [
        KernelCase(name) { graph in
          let x = wide(graph, rows, width)
          let scale = graph.input("scale", [Extent(width)])
          let shift = graph.input("shift", [Extent(width)])
          let y = x.layerNormalized(scale: scale, shift: shift, epsilon: 1e-5)
          return (y, [x, scale, shift])
        },
        KernelCase(name) { graph in
          let x = wide(graph, rows, width)
          return (x.l2Normalized, [x])
        },
      ]
    }
  }

  private static func attentionCase(images: Int, tokens: Int, width: Int) -> KernelCase {
    KernelCase(title(images, tokens, width), sizes: [.images: images]) { graph in
      let layout = TokenLayout.equal(sequences: .images, length: tokens)
      let inputs = ["q", "k", "v"].map { graph.input($0, [layout.rows, Extent(width)]) }
      let y = inputs[0].attention(
        keys: inputs[1], values: inputs[2], headCount: width / 64, layout: layout)
      return (y, inputs)
    }
  }

  private static func packedAttentionCase(width: Int, dropout: Float) -> KernelCase {
    // Captions of 8 to 30 tokens, 18 on average.
    let lengths = (0..<112).map { Int32(8 + ($0 * 7) % 21) }
    var starts: [Int32] = [0]
    for length in lengths { starts.append(starts[starts.count - 1] + length) }
    let tokens = Int(starts.removeLast())
    return KernelCase(
      "\(lengths.count) captions, \(tokens) x \(width)" + (dropout > 0 ? ", dropout" : ""),
      sizes: [.tokens: tokens, .sequences: lengths.count],
      integers: ["starts": starts, "lengths": lengths]
    ) { graph in
      let layout = TokenLayout.packed(in: graph)
      let inputs = ["q", "k", "v"].map { graph.input($0, [layout.rows, Extent(width)]) }
      let y = inputs[0].attention(
        keys: inputs[1], values: inputs[2], headCount: width / 64, layout: layout,
        dropout: dropout)
      return (y, inputs)
    }
  }

  private static var attention: [KernelCase] {
    [
      attentionCase(images: 8, tokens: 197, width: 768),
      attentionCase(images: 32, tokens: 65, width: 192),
      packedAttentionCase(width: 768, dropout: 0),
      packedAttentionCase(width: 192, dropout: 0),
      packedAttentionCase(width: 768, dropout: 0.1),
    ]
  }

  private static var indexing: [KernelCase] {
    let tokens = 2_048
    let ids = (0..<tokens).map { Int32(($0 * 7_919) % 21_128) }
    let lookups = [192, 768].map { width in
      KernelCase(title(tokens, width), integers: ["ids": ids]) { graph in
        let table = graph.input("table", [21_128, Extent(width)])
        return (table.rows(at: graph.input("ids", [Extent(tokens)], .int32), paddingID: 0), [table])
      }
    }
    let patches = [(32, 64, 8), (8, 224, 16)].map { images, size, patch in
      KernelCase("\(images) x \(size) px, patch \(patch)") { graph in
        let pixels = graph.input("pixels", [Extent(images), 3, Extent(size), Extent(size)])
        return (pixels.patches(of: patch), [pixels])
      }
    }
    let token = KernelCase(title(32, 64, 192), sizes: [.images: 32]) { graph in
      let x = graph.input("x", [Extent(.images) * 64, 192])
      let token = graph.input("token", [192])
      let table = graph.input("positions", [65, 192])
      let layout = TokenLayout.equal(sequences: .images, length: 65)
      let y = x.prepending(token: token, toSequencesOf: 64)
        .addingPositions(table, layout: layout).firstTokens(layout: layout)
      return (y, [x, token, table])
    }
    return lookups + patches + [token]
  }

  private static var losses: [KernelCase] {
    [(256, 256), (4_096, 512)].map { pairs, width in
      let groups = (0..<pairs).map { Int32($0) }
      return KernelCase(
        title(pairs, width), integers: ["imageGroups": groups, "textGroups": groups]
      ) { graph in
        let image = graph.input("image", [Extent(pairs), Extent(width)])
        let text = graph.input("text", [Extent(pairs), Extent(width)])
        let scale = graph.input("scale", [1])
        let loss = graph.symmetricInfoNCE(
          image: image, text: text, scale: scale,
          imageGroups: graph.input("imageGroups", [Extent(pairs)], .int32),
          textGroups: graph.input("textGroups", [Extent(pairs)], .int32),
          repeatedPairs: .masked)
        return (loss, [image, text, scale])
      }
    }
  }
}
