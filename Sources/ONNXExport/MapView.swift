internal import Autodiff

/// Rows [images * side * side, channels] seen as maps, channels last or, as ONNX has it, second.
struct MapView {
  let images: [ONNXDimension]
  let side: Int
  let channels: Int
  private let rows: [ONNXDimension]

  /// - Throws: ``ONNXError/notExportable(_:)`` where pictures are counted by a product of axes.
  init(_ shape: Shape, side: Int, in lowering: Lowering) throws(ONNXError) {
    let extent = Extent(shape[0].factor / (side * side), axes: shape[0].axes)
    images = lowering.dimensions(of: [extent])
    guard images.count == 1, let channels = shape.last.fixed else {
      throw .notExportable(["pictures are counted by a product of axes: \(shape)"])
    }
    (self.side, self.channels) = (side, channels)
    rows = lowering.dimensions(of: shape)
  }

  private var channelsLast: [ONNXDimension] {
    images + [.fixed(side), .fixed(side), .fixed(channels)]
  }

  /// The rows of `name` as [images, channels, side, side].
  func enter(
    _ name: String, node: LoweringNode, in lowering: Lowering
  ) throws(ONNXError) -> String {
    let maps = try lowering.reshape(
      name, from: rows, to: channelsLast, output: node.step("maps"))
    return lowering.append(
      "Transpose", [maps], [.init("perm", .integers([0, 3, 1, 2]))],
      output: node.step("channels_second"))
  }

  /// From [images, channels, side, side] back to rows, under the node's name.
  func leave(
    _ name: String, node: LoweringNode, in lowering: Lowering
  ) throws(ONNXError) -> String {
    let isPlain = rows == channelsLast
    let maps = lowering.append(
      "Transpose", [name], [.init("perm", .integers([0, 2, 3, 1]))],
      output: isPlain ? node.output : node.step("channels_last"))
    return try lowering.reshape(maps, from: channelsLast, to: rows, output: node.output)
  }
}
