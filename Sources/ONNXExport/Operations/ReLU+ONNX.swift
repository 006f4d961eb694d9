internal import Autodiff

extension ReLU: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    .named(
      lowering.append("Relu", [try lowering.name(of: node.inputs[0])], output: node.output))
  }
}
