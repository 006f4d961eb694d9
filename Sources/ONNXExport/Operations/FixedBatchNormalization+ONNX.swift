internal import Autodiff

/// `Sub`, `Mul`, `Add`: the operator `BatchNormalization` wants channels second, rows have them
/// last. What depends on parameters alone, runtimes compute when they load the model.
extension FixedBatchNormalization: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    var names: [String] = []
    for input in node.inputs { names.append(try lowering.name(of: input)) }
    let (x, scale, shift, mean, variance) = (names[0], names[1], names[2], names[3], names[4])
    let padded = lowering.append(
      "Add", [variance, lowering.scalar(epsilon)], output: node.step("padded_variance"))
    let deviation = lowering.append("Sqrt", [padded], output: node.step("deviation"))
    let factor = lowering.append("Div", [scale, deviation], output: node.step("factor"))
    let centered = lowering.append("Sub", [x, mean], output: node.step("centered"))
    let scaled = lowering.append("Mul", [centered, factor], output: node.step("scaled"))
    return .named(lowering.append("Add", [scaled, shift], output: node.output))
  }
}
