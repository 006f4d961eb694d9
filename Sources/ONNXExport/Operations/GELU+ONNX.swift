internal import Autodiff

/// By `Erf`, in the order that runtimes recognize; the operator Gelu came with set 20.
extension GELU: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let x = try lowering.name(of: node.inputs[0])
    let scaled = lowering.append(
      "Div", [x, lowering.scalar(Float(2).squareRoot())], output: node.step("scaled"))
    let error = lowering.append("Erf", [scaled], output: node.step("erf"))
    let sum = lowering.append("Add", [error, lowering.scalar(1)], output: node.step("sum"))
    let product = lowering.append("Mul", [x, sum], output: node.step("product"))
    return .named(
      lowering.append("Mul", [product, lowering.scalar(0.5)], output: node.output))
  }
}
