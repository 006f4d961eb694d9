internal import Autodiff

extension OperationCase {
  /// Square maps as rows: what a residual network is made of.
  static let maps: [OperationCase] = convolutions + batchNorms + poolings

  /// How filters move over one case's maps.
  private struct Windows {
    let images: Int
    let side: Int
    let kernel: Int
    let stride: Int
    let padding: Int
    /// In, then out.
    let channels: (Int, Int)
  }

  private static let windows: [Windows] = [
    Windows(images: 1, side: 1, kernel: 1, stride: 1, padding: 0, channels: (1, 1)),
    Windows(images: 2, side: 3, kernel: 1, stride: 1, padding: 0, channels: (3, 2)),
    Windows(images: 2, side: 3, kernel: 1, stride: 2, padding: 0, channels: (2, 3)),
    Windows(images: 1, side: 1, kernel: 3, stride: 1, padding: 1, channels: (2, 1)),
    Windows(images: 2, side: 4, kernel: 3, stride: 1, padding: 1, channels: (2, 3)),
    Windows(images: 1, side: 5, kernel: 3, stride: 2, padding: 1, channels: (3, 2)),
    Windows(images: 2, side: 6, kernel: 3, stride: 2, padding: 1, channels: (1, 2)),
    Windows(images: 1, side: 5, kernel: 2, stride: 3, padding: 0, channels: (2, 2)),
    Windows(images: 1, side: 4, kernel: 4, stride: 2, padding: 3, channels: (1, 1)),
  ]

  private static let convolutions: [OperationCase] = windows.map { windows in
    let (inputs, outputs) = windows.channels
    return OperationCase(
      "Convolution of \(windows.images) times \(inputs) by \(windows.side), \(outputs) filters of "
        + "\(windows.kernel), stride \(windows.stride), padding \(windows.padding)",
      sizes: [.images: windows.images], tolerance: .product
    ) {
      $0.floats("x", [Extent(.images) * (windows.side * windows.side), Extent(inputs)]).convolved(
        with: $0.parameter("filters", [outputs, inputs, windows.kernel, windows.kernel]),
        side: windows.side, stride: windows.stride, padding: windows.padding)
    }
  }

  private static let batchNorms: [OperationCase] = [[3, 1], [4, 7], [9, 17], [5, 66]].flatMap {
    (sizes: [Int]) -> [OperationCase] in
    let width = sizes[1]
    return [
      OperationCase("BatchNormalization \(sizes)", tolerance: .reduction) {
        $0.floats("x", Shape(fixed: sizes)).batchNormalized(
          scale: $0.parameter("scale", [width]), shift: $0.parameter("shift", [width]),
          epsilon: 1e-5
        ).rows
      },
      OperationCase(
        "FixedBatchNormalization \(sizes)",
        constants: [
          "mean": (0..<width).map { Float($0 % 5) / 4 - 0.5 },
          "variance": (0..<width).map { Float($0 % 7) / 3 + 0.1 },
        ], tolerance: .reduction
      ) {
        let column: Shape = [Extent(width)]
        return $0.floats("x", Shape(fixed: sizes)).normalized(
          mean: $0.floats("mean", column), variance: $0.floats("variance", column),
          scale: $0.parameter("scale", [width]), shift: $0.parameter("shift", [width]),
          epsilon: 1e-5)
      },
    ]
  }

  private static let poolings: [OperationCase] =
    [(1, 2, 2, 1), (2, 4, 2, 5), (1, 6, 3, 17), (3, 2, 1, 2)].map {
      (images: Int, side: Int, window: Int, channels: Int) in
      OperationCase(
        "AveragePooling of \(images) times \(channels) by \(side), windows of \(window)",
        sizes: [.images: images]
      ) {
        let x = $0.floats("x", [Extent(.images) * (side * side), Extent(channels)])
        return $0.graph.apply(AveragePooling(side: side, window: window), to: [x])[0]
      }
    }
    + [(1, 1, 1), (3, 4, 5), (2, 9, 17)].map { (images: Int, length: Int, width: Int) in
      OperationCase(
        "PrependMean to \(images) of \(length), width \(width)", sizes: [.images: images],
        tolerance: .product
      ) {
        $0.floats("x", [Extent(.images) * length, Extent(width)])
          .prependingMean(toSequencesOf: length)
      }
    }
}
