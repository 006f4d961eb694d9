internal import Autodiff

/// `Mul`, `Sigmoid`, `Mul`, which runtimes recognize.
extension QuickGELU: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let x = try lowering.name(of: node.inputs[0])
    let scaled = lowering.append(
      "Mul", [x, lowering.scalar(1.702)], output: node.step("scaled"))
    let gate = lowering.append("Sigmoid", [scaled], output: node.step("gate"))
    return .named(lowering.append("Mul", [x, gate], output: node.output))
  }
}
