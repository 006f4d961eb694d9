import Models
import TestSupport

@testable import Autodiff

extension ExportCase {
  static let catalog: [ExportCase] = elementwise + products + sequences + pictures + maps + encoders

  /// Two chunks of pictures.
  private static let images: [Run] = [1, 3].map { Run(sizes: [.images: $0]) }
  private static let fixed = [Run(sizes: [:])]

  /// Padded batches: all ids in 0 ..< `entries`, a mask where `lengths` end.
  private static func padded(_ lengths: [Int], entries: Int) -> Run {
    let columns = lengths.max() ?? 0
    let mask = lengths.flatMap { length in (0..<columns).map { Int32($0 < length ? 1 : 0) } }
    let ids = mask.enumerated().map { Int32(($0.offset * 7 + 3) % entries) * $0.element }
    return Run(
      sizes: [.batch: lengths.count, .length: columns],
      ids: ["input_ids": ids, "attention_mask": mask])
  }

  private static let batches: [Run] = [[1], [5], [3, 1, 5], [2, 7, 7, 1]].map {
    padded($0, entries: 9)
  }

  /// The same runs, for a result of one row a token.
  private static let tokenRows: [Run] = batches.map { run in
    var run = run
    run.countedRows = run.ids["attention_mask"]?.map(Int.init)
    return run
  }

  private static let elementwise: [ExportCase] = [
    ExportCase(name: "Add", runs: images) {
      $0.input("a", [Extent(.images), 5]) + $0.input("b", [Extent(.images), 5])
    },
    ExportCase(name: "Multiply", runs: images) {
      $0.input("a", [Extent(.images), 5]) * $0.input("b", [Extent(.images), 5])
    },
    ExportCase(name: "Exponential", runs: fixed) { $0.input("x", [2, 3]).exponential },
    ExportCase(name: "GELU", runs: images) { $0.input("x", [Extent(.images) * 2, 5]).gelu },
    ExportCase(name: "QuickGELU", runs: images) { $0.input("x", [Extent(.images), 5]).quickGELU },
    ExportCase(name: "AddRow of a token type", runs: images) { graph in
      let types = graph[Parameter(path: "types", sizes: [2, 5], initializer: .zeros)]
      return graph.input("x", [Extent(.images), 5]).addingRow(types.rows(1..<2).reshaped([5]))
    },
    ExportCase(name: "LayerNormalization", tolerance: 1e-5, runs: images) { graph in
      graph.input("x", [Extent(.images) * 3, 17]).layerNormalized(
        scale: graph[Parameter(path: "scale", sizes: [17], initializer: .ones)],
        shift: graph[Parameter(path: "shift", sizes: [17], initializer: .zeros)], epsilon: 1e-5)
    },
    ExportCase(name: "L2Normalization", runs: images) {
      $0.input("x", [Extent(.images), 7]).l2Normalized
    },
    ExportCase(name: "L2Normalization of a zero row", runs: fixed) { graph in
      let x = graph.input("x", [2, 7])
      let zeros = graph.apply(Fill(value: 0, shape: x.shape), to: [])[0]
      return (x * zeros).l2Normalized
    },
    ExportCase(name: "Parameter as output", runs: fixed) {
      $0[Parameter(path: "p", sizes: [2, 3], initializer: .zeros)]
    },
    ExportCase(name: "Input as output", runs: images) { $0.input("x", [Extent(.images), 2]) },
    ExportCase(name: "Reshape", runs: images) {
      $0.input("x", [Extent(.images), 6]).gelu.reshaped([Extent(.images) * 2, 3]).gelu
        .reshaped([Extent(.images), 6])
    },
    ExportCase(name: "RowSlice of a value", runs: fixed) {
      $0.input("x", [4, 3]).gelu.rows(1..<3)
    },
  ]

  private static let products: [ExportCase] =
    [true, false].map { hasBias in
      ExportCase(name: "AffineMap, bias \(hasBias)", tolerance: 1e-5, runs: images) { graph in
        let bias = graph[Parameter(path: "bias", sizes: [3], initializer: .zeros)]
        return graph.input("x", [Extent(.images) * 4, 7]).affineMap(
          weight: graph[Parameter(path: "weight", sizes: [3, 7], initializer: .zeros)],
          bias: hasBias ? bias : nil)
      }
    }
    + [
      ExportCase(name: "AffineMap by a computed weight", tolerance: 1e-5, runs: images) { graph in
        let weight = graph[Parameter(path: "weight", sizes: [3, 7], initializer: .zeros)]
        return graph.input("x", [Extent(.images) * 4, 7]).affineMap(weight: weight.exponential)
      }
    ]
    + [(false, false), (true, false), (false, true), (true, true)].map { sides in
      ExportCase(name: "MatrixProduct, transposing \(sides)", tolerance: 1e-5, runs: fixed) {
        let a = $0.input("a", Shape(fixed: sides.0 ? [5, 2] : [2, 5]))
        let path = Parameter(
          path: "b", sizes: sides.1 ? [3, 5] : [5, 3], initializer: .zeros)
        return a.matrixProduct($0[path], transposingLeft: sides.0, transposingRight: sides.1)
      }
    }

  private static let sequences: [ExportCase] =
    [
      ExportCase(name: "Tokens with positions", runs: batches) { graph in
        let ids = graph.input("input_ids", [Extent(.batch), Extent(.length)], .int32)
        return graph[Parameter(path: "words", sizes: [9, 5], initializer: .zeros)].rows(at: ids)
          .addingPositions(
            graph[Parameter(path: "positions", sizes: [8, 5], initializer: .zeros)],
            layout: .padded(in: graph))
      },
      ExportCase(name: "FirstToken of a padded batch", runs: batches) { graph in
        let ids = graph.input("input_ids", [Extent(.batch), Extent(.length)], .int32)
        return graph[Parameter(path: "words", sizes: [9, 5], initializer: .zeros)].rows(at: ids)
          .firstTokens(layout: .padded(in: graph))
      },
      ExportCase(name: "Attention over a padded batch", tolerance: 1e-5, runs: tokenRows) { graph in
        let ids = graph.input("input_ids", [Extent(.batch), Extent(.length)], .int32)
        let layout = TokenLayout.padded(in: graph)
        let x = graph[Parameter(path: "words", sizes: [9, 6], initializer: .zeros)].rows(at: ids)
        let once = x.attention(keys: x.gelu, values: x, headCount: 2, layout: layout)
        return once.attention(keys: once, values: x, headCount: 3, layout: layout)
      },
    ]
    + [1, 4].map { length in
      ExportCase(name: "Sequences of \(length)", tolerance: 1e-5, runs: images) { graph in
        let layout = TokenLayout.equal(sequences: .images, length: length)
        let x = graph.input("x", [layout.rows, 6]).addingPositions(
          graph[Parameter(path: "positions", sizes: [4, 6], initializer: .zeros)],
          layout: layout)
        return x.attention(keys: x.gelu, values: x, headCount: 2, layout: layout)
      }
    }
    + [1, 4].map { length in
      ExportCase(name: "FirstToken of \(length)", runs: images) { graph in
        let layout = TokenLayout.equal(sequences: .images, length: length)
        return graph.input("x", [layout.rows, 6]).gelu.firstTokens(layout: layout)
      }
    }

  private static let pictures: [ExportCase] =
    [(4, 2), (7, 3), (3, 3), (5, 1)].flatMap { (size: Int, patch: Int) -> [ExportCase] in
      let grid = size / patch
      let shape: Shape = [Extent(.images), 2, Extent(size), Extent(size)]
      return [
        ExportCase(name: "Patches \(patch) of \(size)", runs: images) {
          $0.input("pixels", shape).patches(of: patch)
        },
        ExportCase(name: "Filtered patches \(patch) of \(size)", tolerance: 1e-5, runs: images) {
          let filters = Parameter(
            path: "filters", sizes: [5, 2, patch, patch], initializer: .zeros)
          let bias = Parameter(path: "bias", sizes: [5], initializer: .zeros)
          return $0.input("pixels", shape).patches(of: patch).affineMap(
            weight: $0[filters].reshaped([5, Extent(2 * patch * patch)]), bias: $0[bias])
        },
        ExportCase(name: "Patches and a class token, \(patch) of \(size)", runs: images) {
          let token = Parameter(path: "token", sizes: [2 * patch * patch], initializer: .zeros)
          return $0.input("pixels", shape).patches(of: patch)
            .prepending(token: $0[token], toSequencesOf: grid * grid)
        },
      ]
    }

  /// The pair of tiny towers that the golden numbers of `ModelsTests` are for.
  static let tiny = DualEncoder(
    .init(
      image: .init(imageSize: 24, patchSize: 8, width: 32, depth: 2, headWidth: 16),
      text: .init(
        vocabularyCount: 200, width: 16, depth: 2, headWidth: 8, mlpWidth: 32, positionCount: 16),
      embeddingWidth: 8))

  /// The same with a residual image tower, layers with and without a block of its first kind.
  private static let residual = DualEncoder(
    .init(
      image: ModifiedResNet.Configuration(
        imageSize: 32, layers: [1, 2, 1, 1], width: 4, headWidth: 32),
      text: tiny.configuration.text, embeddingWidth: 8))

  private static let encoders: [ExportCase] = [
    ExportCase(
      name: "residual image encoder", tolerance: 5e-5,
      runs: [1, 3].map { Run(sizes: [.images: $0]) }
    ) { graph in
      residual.imageEmbeddings(graph.input("pixel_values", residual.pixelShape))
    },
    ExportCase(
      name: "text encoder", tolerance: 2e-5,
      runs: [
        [4], [1], [16], [3, 1, 9], [2, 2, 2], (0..<17).map { 1 + $0 % 16 },
        (0..<17).map { 1 + $0 % 5 },
      ].map { padded($0, entries: 200) }
    ) { graph in
      let ids = graph.input("input_ids", [Extent(.batch), Extent(.length)], .int32)
      return tiny.textEmbeddings(ids, layout: .padded(in: graph))
    },
    ExportCase(
      name: "image encoder", tolerance: 2e-5, runs: [1, 3, 17].map { Run(sizes: [.images: $0]) }
    ) { graph in
      tiny.imageEmbeddings(graph.input("pixel_values", tiny.pixelShape))
    },
  ]
}
