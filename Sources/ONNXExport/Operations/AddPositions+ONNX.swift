internal import Autodiff

/// `Add` of the table's first rows: as many as the layout says, or as the run has columns.
extension AddPositions: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let view = try SequenceView(node.shape, layout: layout, in: lowering)
    let x = try view.enter(
      lowering.name(of: node.inputs[0]), output: node.step("sequences"), in: lowering)
    let table = try positions(node, x: x, in: lowering)
    return try view.result(of: node, in: lowering) { output in
      lowering.append("Add", [x, table], output: output)
    }
  }

  /// [length, width].
  private func positions(
    _ node: LoweringNode, x: String, in lowering: Lowering
  ) throws(ONNXError) -> String {
    if case .equal(let length) = layout {
      if node.inputShapes[1][0].fixed == length { return try lowering.name(of: node.inputs[1]) }
      if case .constant(let table) = lowering.value(node.inputs[1]) {
        return lowering.name(of: table.rows(0..<length))
      }
    }
    let length = lowering.size(ofAxis: 1, of: x, output: node.step("length"))
    let table = try lowering.name(of: node.inputs[1])
    return lowering.append(
      "Slice", [table, lowering.integers([0]), length, lowering.integers([0])],
      output: node.step("positions"))
  }
}
