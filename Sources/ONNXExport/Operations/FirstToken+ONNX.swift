internal import Autodiff

/// `Gather` of index 0 along the sequence.
extension FirstToken: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let view = try SequenceView(node.inputShapes[0], layout: layout, in: lowering)
    let x = try view.enter(
      lowering.name(of: node.inputs[0]), output: node.step("sequences"), in: lowering)
    return .named(
      lowering.append(
        "Gather", [x, lowering.index(0)], [.init("axis", .integer(1))], output: node.output))
  }
}
