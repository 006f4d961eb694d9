internal import Autodiff

/// `Gather` of the table's rows; the ids keep their dimensions.
extension EmbeddingLookup: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let inputs = [try lowering.name(of: node.inputs[0]), try lowering.name(of: node.inputs[1])]
    let ids = lowering.dimensions(of: node.inputShapes[1])
    let width = lowering.dimensions(of: [node.inputShapes[0].last])
    let rows = lowering.dimensions(of: node.shape)
    let output = ids + width == rows ? node.output : node.step("by_id")
    lowering.append("Gather", inputs, [.init("axis", .integer(0))], output: output)
    return .named(
      try lowering.reshape(output, from: ids + width, to: rows, output: node.output))
  }
}
