import TestSupport

@testable import Autodiff

extension ExportCase {
  /// Square maps as rows, and the first of them from pixels.
  static let maps: [ExportCase] = convolutions + poolings + norms

  private static let images: [Run] = [1, 3].map { Run(sizes: [.images: $0]) }

  private static func rows(_ graph: Graph, side: Int, channels: Int) -> Tensor {
    graph.input("x", [Extent(.images) * (side * side), Extent(channels)])
  }

  private static let convolutions: [ExportCase] =
    [(5, 1, 2, 0), (5, 3, 1, 1), (6, 3, 2, 1), (3, 3, 1, 0)].flatMap {
      (side: Int, kernel: Int, stride: Int, padding: Int) -> [ExportCase] in
      let label = "\(kernel) over \(side), stride \(stride), padding \(padding)"
      let filters = Parameter(path: "filters", sizes: [4, 2, kernel, kernel], initializer: .zeros)
      return [
        ExportCase(name: "Convolution of \(label)", tolerance: 1e-5, runs: images) {
          rows($0, side: side, channels: 2).gelu.convolved(
            with: $0[filters], side: side, stride: stride, padding: padding)
        },
        ExportCase(name: "Convolution of pixels, \(label)", tolerance: 1e-5, runs: images) {
          $0.input("pixels", [Extent(.images), 2, Extent(side), Extent(side)]).patches(of: 1)
            .convolved(with: $0[filters], side: side, stride: stride, padding: padding)
        },
      ]
    }
    + [
      ExportCase(name: "Convolution of single pixels", tolerance: 1e-5, runs: images) {
        let filters = Parameter(path: "filters", sizes: [4, 2, 1, 1], initializer: .zeros)
        return rows($0, side: 3, channels: 2).convolved(with: $0[filters], side: 3)
      }
    ]

  private static let poolings: [ExportCase] =
    [(2, 2), (6, 2), (6, 3)].map { (side: Int, window: Int) in
      ExportCase(name: "AveragePooling of \(side) by \(window)", runs: images) {
        rows($0, side: side, channels: 5).averagePooled(side: side, window: window).relu
      }
    }
    + [1, 4].map { length in
      ExportCase(name: "PrependMean to \(length)", runs: images) {
        $0.input("x", [Extent(.images) * length, 5]).prependingMean(toSequencesOf: length)
      }
    }

  private static let norms: [ExportCase] = [
    ExportCase(name: "ReLU", runs: images) { $0.input("x", [Extent(.images) * 2, 5]).relu },
    ExportCase(name: "FixedBatchNormalization", tolerance: 1e-5, runs: images) { graph in
      let column = { (name: String) in
        graph[Parameter(path: name, sizes: [7], initializer: .ones)]
      }
      // A variance is not negative.
      return graph.input("x", [Extent(.images) * 4, 7]).normalized(
        mean: column("mean"), variance: column("deviation") * column("deviation"),
        scale: column("scale"), shift: column("shift"), epsilon: 1e-5)
    },
  ]
}
