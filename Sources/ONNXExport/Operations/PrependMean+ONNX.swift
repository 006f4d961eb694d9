internal import Autodiff

/// `Concat` of the `ReduceMean` of each sequence and its rows.
extension PrependMean: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let before = try SequenceView(
      node.inputShapes[0], layout: .equal(length: length), in: lowering)
    let after = try SequenceView(node.shape, layout: .equal(length: length + 1), in: lowering)
    let x = try before.enter(
      lowering.name(of: node.inputs[0]), output: node.step("sequences"), in: lowering)
    let mean = lowering.append(
      "ReduceMean", [x], [.init("axes", .integers([1])), .init("keepdims", .integer(1))],
      output: node.step("mean"))
    return try after.result(of: node, in: lowering) { output in
      lowering.append("Concat", [mean, x], [.init("axis", .integer(1))], output: output)
    }
  }
}
