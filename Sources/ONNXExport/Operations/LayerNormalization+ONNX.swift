internal import Autodiff

/// The operator of the same name, over the last axis.
extension LayerNormalization: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    var inputs: [String] = []
    for input in node.inputs { inputs.append(try lowering.name(of: input)) }
    return .named(
      lowering.append(
        "LayerNormalization", inputs,
        [.init("axis", .integer(-1)), .init("epsilon", .float(epsilon))], output: node.output))
  }
}
