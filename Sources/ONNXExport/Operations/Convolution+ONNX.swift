internal import Autodiff

/// `Conv` between two `Transpose`s; of pixels that were only put in rows, of the pixels.
extension Convolution: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let after = try MapView(node.shape, side: outputSide, in: lowering)
    let maps: String
    if case .patches(let pixels, 1) = lowering.value(node.inputs[0]) {
      maps = try lowering.name(of: pixels)
    } else {
      maps = try MapView(node.inputShapes[0], side: side, in: lowering).enter(
        lowering.name(of: node.inputs[0]), node: node, in: lowering)
    }
    let convolved = lowering.append(
      "Conv", [maps, try lowering.name(of: node.inputs[1])],
      [
        .init("kernel_shape", .integers([kernel, kernel])),
        .init("pads", .integers([padding, padding, padding, padding])),
        .init("strides", .integers([stride, stride])),
      ], output: node.step("convolved"))
    return .named(try after.leave(convolved, node: node, in: lowering))
  }
}
