internal import Autodiff

/// Nothing until a node reads it: a linear map of patches becomes a convolution.
extension PatchExtraction: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    .patches(of: node.inputs[0], size: patch)
  }
}

extension Lowering {
  /// Patches as rows, for readers other than a linear map: `Slice` to whole patches, then
  /// `Reshape`, `Transpose`, `Reshape`.
  func materializePatches(
    _ id: ValueID, pixels: ValueID, size: Int
  ) throws(ONNXError) -> String {
    let output = "patches_\(id.node)"
    let picture = dimensions(of: graph.shape(of: pixels))
    guard picture.count == 4, case .fixed(let channels) = picture[1],
      case .fixed(let side) = picture[2]
    else { throw .notExportable(["pictures are counted by a product: \(picture)"]) }
    let grid = side / size
    var whole = try name(of: pixels)
    if grid * size != side {
      let end = integers([grid * size, grid * size])
      whole = append(
        "Slice", [whole, integers([0, 0]), end, integers([2, 3])], output: "\(output)/whole")
    }
    let steps: [ONNXDimension] = [.fixed(grid), .fixed(size)]
    let cut = try reshape(
      whole, from: [picture[0], picture[1], .fixed(grid * size), .fixed(grid * size)],
      to: [picture[0], picture[1]] + steps + steps, output: "\(output)/cut")
    let sorted = append(
      "Transpose", [cut], [.init("perm", .integers([0, 2, 4, 1, 3, 5]))],
      output: "\(output)/sorted")
    let cells: [ONNXDimension] = [
      .fixed(grid), .fixed(grid), .fixed(channels), .fixed(size), .fixed(size),
    ]
    return try reshape(
      sorted, from: [picture[0]] + cells, to: dimensions(of: graph.shape(of: id)), output: output)
  }
}
