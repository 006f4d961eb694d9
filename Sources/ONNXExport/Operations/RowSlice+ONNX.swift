internal import Autodiff

/// `Slice`; of a parameter, only those values are stored.
extension RowSlice: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    if case .constant(let constant) = lowering.value(node.inputs[0]) {
      return .constant(constant.rows(first..<first + count))
    }
    let bounds = [[first], [first + count], [0]].map(lowering.integers)
    return .named(
      lowering.append(
        "Slice", [try lowering.name(of: node.inputs[0])] + bounds, output: node.output))
  }
}
