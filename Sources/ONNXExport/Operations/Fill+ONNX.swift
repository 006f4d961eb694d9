internal import Autodiff

/// `Expand` of one number.
extension Fill: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    var sizes: [Int] = []
    for extent in shape.extents {
      guard let size = extent.fixed else {
        throw .notExportable(["Fill of \(shape) has no fixed sizes"])
      }
      sizes.append(size)
    }
    let inputs = [lowering.scalar(value), lowering.integers(sizes)]
    return .named(lowering.append("Expand", inputs, output: node.output))
  }
}
