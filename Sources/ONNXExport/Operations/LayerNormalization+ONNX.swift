internal import Autodiff

/// The operator of the same name, over the last axis; before set 17 its formula, in the order that
/// runtimes recognize.
extension LayerNormalization: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    var inputs: [String] = []
    for input in node.inputs { inputs.append(try lowering.name(of: input)) }
    guard lowering.operatorSet.hasLayerNormalization else {
      return .named(formula(node, x: inputs[0], scale: inputs[1], shift: inputs[2], in: lowering))
    }
    return .named(
      lowering.append(
        "LayerNormalization", inputs,
        [.init("axis", .integer(-1)), .init("epsilon", .float(epsilon))], output: node.output))
  }

  private func formula(
    _ node: LoweringNode, x: String, scale: String, shift: String, in lowering: Lowering
  ) -> String {
    func mean(_ value: String, _ name: String) -> String {
      lowering.append(
        "ReduceMean", [value], [.init("axes", .integers([-1])), .init("keepdims", .integer(1))],
        output: node.step(name))
    }
    func apply(_ operatorName: String, _ inputs: [String], _ name: String) -> String {
      lowering.append(operatorName, inputs, output: node.step(name))
    }
    let centered = apply("Sub", [x, mean(x, "mean")], "centered")
    let squares = apply("Pow", [centered, lowering.scalar(2)], "squares")
    let sum = apply("Add", [mean(squares, "variance"), lowering.scalar(epsilon)], "sum")
    let normalized = apply("Div", [centered, apply("Sqrt", [sum], "deviation")], "normalized")
    let scaled = apply("Mul", [normalized, scale], "scaled")
    return lowering.append("Add", [scaled, shift], output: node.output)
  }
}
