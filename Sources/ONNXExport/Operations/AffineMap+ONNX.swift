internal import Autodiff

/// `MatMul` and `Add` with the weight stored [in, out]; of patches, a `Conv`.
extension AffineMap: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    if case .patches(let pixels, let size) = lowering.value(node.inputs[0]),
      case .constant(let filters) = lowering.value(node.inputs[1])
    {
      return try convolution(node, of: pixels, filters, size: size, in: lowering)
    }
    let x = try lowering.name(of: node.inputs[0])
    let weight = try lowering.transposedMatrix(node.inputs[1], output: node.step("weight"))
    guard node.inputs.count == 3 else {
      return .named(lowering.append("MatMul", [x, weight], output: node.output))
    }
    let product = lowering.append("MatMul", [x, weight], output: node.step("product"))
    let bias = try lowering.name(of: node.inputs[2])
    return .named(lowering.append("Add", [product, bias], output: node.output))
  }

  /// Filters as large as their steps, so every patch is seen once: [images, out, grid, grid], then
  /// [images, grid * grid, out].
  private func convolution(
    _ node: LoweringNode, of pixels: ValueID, _ filters: LoweredConstant, size: Int,
    in lowering: Lowering
  ) throws(ONNXError) -> LoweredValue {
    let picture = lowering.dimensions(of: lowering.graph.shape(of: pixels))
    guard picture.count == 4, case .fixed(let channels) = picture[1],
      case .fixed(let side) = picture[2]
    else { throw .notExportable(["pictures are counted by a product: \(picture)"]) }
    let (grid, width) = (side / size, filters.sizes[0])
    let kernel = filters.reshaped([width, channels, size, size])
    var inputs = [try lowering.name(of: pixels), lowering.name(of: kernel)]
    if node.inputs.count == 3 { inputs.append(try lowering.name(of: node.inputs[2])) }
    let maps = lowering.append(
      "Conv", inputs,
      [
        .init("kernel_shape", .integers([size, size])), .init("strides", .integers([size, size])),
      ], output: node.step("maps"))
    let flat = try lowering.reshape(
      maps, from: [picture[0], .fixed(width), .fixed(grid), .fixed(grid)],
      to: [picture[0], .fixed(width), .fixed(grid * grid)], output: node.step("flat"))
    let rows = lowering.dimensions(of: node.shape)
    let byPicture = [picture[0], .fixed(grid * grid), .fixed(width)]
    let output = rows == byPicture ? node.output : node.step("by_picture")
    lowering.append("Transpose", [flat], [.init("perm", .integers([0, 2, 1]))], output: output)
    return .named(
      try lowering.reshape(output, from: byPicture, to: rows, output: node.output))
  }
}
