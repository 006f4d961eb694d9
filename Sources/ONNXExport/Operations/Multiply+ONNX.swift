internal import Autodiff

/// `Mul`.
extension Multiply: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let inputs = [try lowering.name(of: node.inputs[0]), try lowering.name(of: node.inputs[1])]
    return .named(lowering.append("Mul", inputs, output: node.output))
  }
}
