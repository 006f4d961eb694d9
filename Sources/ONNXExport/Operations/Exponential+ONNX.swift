internal import Autodiff

/// `Exp`.
extension Exponential: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    .named(lowering.append("Exp", [try lowering.name(of: node.inputs[0])], output: node.output))
  }
}
