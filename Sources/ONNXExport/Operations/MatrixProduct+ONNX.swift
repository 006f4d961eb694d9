internal import Autodiff

/// `MatMul`, with the operands transposed before where asked for.
extension MatrixProduct: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    let ranks = node.inputShapes.map { lowering.dimensions(of: $0).count }
    guard ranks[1] == 2, ranks[0] == 2 || !transposesLeft else {
      throw .notExportable(["MatrixProduct of \(node.inputShapes) has rows of several axes"])
    }
    let left =
      transposesLeft
      ? try lowering.transposedMatrix(node.inputs[0], output: node.step("left"))
      : try lowering.name(of: node.inputs[0])
    let right =
      transposesRight
      ? try lowering.transposedMatrix(node.inputs[1], output: node.step("right"))
      : try lowering.name(of: node.inputs[1])
    return .named(lowering.append("MatMul", [left, right], output: node.output))
  }
}
