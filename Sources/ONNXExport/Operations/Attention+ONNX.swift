internal import Autodiff

/// `MatMul`, `Softmax`, `MatMul` over [sequences, heads, length, headWidth], in the pattern that
/// runtimes recognize; the operator Attention came with set 23.
///
/// Rows beyond a sequence's end are not zeroed: nobody attends to them and pooling skips them.
extension Attention: ONNXLowerable {
  /// What is added to scores of padding: exp of it is 0 in Float32, and Float16 holds it.
  private static let maskedScore: Float = -1e4

  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    guard dropoutRate == 0 else {
      throw .notExportable(["Attention drops weights at random, which only training wants"])
    }
    guard let width = node.shape.last.fixed else {
      throw .notExportable(["Attention of \(node.shape) has no fixed width"])
    }
    let headWidth = width / headCount
    let view = try SequenceView(node.shape, layout: layout, in: lowering)
    func heads(_ input: Int, _ name: String, _ order: [Int]) throws(ONNXError) -> String {
      let x = try view.enter(
        lowering.name(of: node.inputs[input]), output: node.step("\(name)/sequences"),
        in: lowering)
      let split = lowering.append(
        "Reshape", [x, lowering.integers([0, 0, headCount, headWidth])],
        output: node.step("\(name)/heads"))
      return lowering.append(
        "Transpose", [split], [.init("perm", .integers(order))], output: node.step(name))
    }
    let queries = try heads(0, "queries", [0, 2, 1, 3])
    let keys = try heads(1, "keys", [0, 2, 3, 1])
    let values = try heads(2, "values", [0, 2, 1, 3])
    let products = lowering.append("MatMul", [queries, keys], output: node.step("products"))
    let scale = lowering.scalar(1 / Float(headWidth).squareRoot())
    var scores = lowering.append("Mul", [products, scale], output: node.step("scores"))
    if layout == .padded {
      let mask = try maskScores(node.inputs[3], in: lowering)
      scores = lowering.append("Add", [scores, mask], output: node.step("masked"))
    }
    let weights = lowering.append(
      "Softmax", [scores], [.init("axis", .integer(-1))], output: node.step("weights"))
    let mixed = lowering.append("MatMul", [weights, values], output: node.step("mixed"))
    let rows = lowering.append(
      "Transpose", [mixed], [.init("perm", .integers([0, 2, 1, 3]))], output: node.step("rows"))
    return try view.result(of: node, in: lowering) { output in
      lowering.append("Reshape", [rows, lowering.integers([0, 0, width])], output: output)
    }
  }

  /// The padding mask [batch, length] as numbers to add to scores, [batch, 1, 1, length]; made
  /// once for all blocks.
  private func maskScores(
    _ mask: ValueID, in lowering: Lowering
  ) throws(ONNXError) -> String {
    let name = try lowering.name(of: mask)
    return lowering.shared("\(name)/scores") { output in
      let counts = lowering.append(
        "Cast", [name],
        [.init("to", .integer(Int(ONNXElementType.float32.rawValue)))], output: "\(name)/counts")
      let padding = lowering.append(
        "Sub", [lowering.scalar(1), counts], output: "\(name)/padding")
      let scores = lowering.append(
        "Mul", [padding, lowering.scalar(Attention.maskedScore)], output: "\(name)/flat_scores")
      return lowering.append("Unsqueeze", [scores, lowering.integers([1, 2])], output: output)
    }
  }
}
