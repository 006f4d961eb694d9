internal import Autodiff

/// `Concat` of the token, repeated for every sequence, and the rows.
extension PrependToken: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let before = try SequenceView(
      node.inputShapes[0], layout: .equal(length: length), in: lowering)
    let after = try SequenceView(node.shape, layout: .equal(length: length + 1), in: lowering)
    let x = try before.enter(
      lowering.name(of: node.inputs[0]), output: node.step("sequences"), in: lowering)
    guard let width = node.shape.last.fixed else {
      throw .notExportable(["PrependToken of \(node.shape) has no fixed width"])
    }
    let count = lowering.size(ofAxis: 0, of: x, output: node.step("count"))
    let sizes = lowering.append(
      "Concat", [count, lowering.integers([1, width])], [.init("axis", .integer(0))],
      output: node.step("sizes"))
    let token = lowering.append(
      "Expand", [try lowering.name(of: node.inputs[1]), sizes], output: node.step("token"))
    return try after.result(of: node, in: lowering) { output in
      lowering.append("Concat", [token, x], [.init("axis", .integer(1))], output: output)
    }
  }
}
