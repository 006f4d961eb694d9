internal import Autodiff

/// `Add`, which repeats the row.
extension AddRow: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let inputs = [try lowering.name(of: node.inputs[0]), try lowering.name(of: node.inputs[1])]
    return .named(lowering.append("Add", inputs, output: node.output))
  }
}
