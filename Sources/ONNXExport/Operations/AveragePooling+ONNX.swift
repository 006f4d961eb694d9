internal import Autodiff

/// `AveragePool` between two `Transpose`s.
extension AveragePooling: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let maps = try MapView(node.inputShapes[0], side: side, in: lowering).enter(
      lowering.name(of: node.inputs[0]), node: node, in: lowering)
    let pooled = lowering.append(
      "AveragePool", [maps],
      [
        .init("kernel_shape", .integers([window, window])),
        .init("strides", .integers([window, window])),
      ], output: node.step("pooled"))
    let after = try MapView(node.shape, side: outputSide, in: lowering)
    return .named(try after.leave(pooled, node: node, in: lowering))
  }
}
