internal import Autodiff

/// `Reshape`, or nothing where the dimensions are the same; of a parameter, its new sizes.
extension Reshape: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    if case .constant(let constant) = lowering.value(node.inputs[0]) {
      let sizes = shape.extents.compactMap(\.fixed)
      if sizes.count == shape.rank { return .constant(constant.reshaped(sizes)) }
    }
    return .named(
      try lowering.reshape(
        lowering.name(of: node.inputs[0]), from: lowering.dimensions(of: node.inputShapes[0]),
        to: lowering.dimensions(of: shape), output: node.output))
  }
}
