internal import Autodiff

/// `ReduceL2`, `Max`, `Div`: a row of zeros stays zero, which `ReduceL2` and `Div` alone make NaN.
extension L2Normalization: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let x = try lowering.name(of: node.inputs[0])
    let length = lowering.append(
      "ReduceL2", [x], [.init("axes", .integers([-1])), .init("keepdims", .integer(1))],
      output: node.step("length"))
    let divisor = lowering.append(
      "Max", [length, lowering.scalar(L2Normalization.epsilon)], output: node.step("divisor"))
    return .named(lowering.append("Div", [x, divisor], output: node.output))
  }
}
