internal import Autodiff

/// Rows seen as [sequences, length, width], whatever their dimensions are by the general rule.
///
/// For `[images * 197, width]` and `[batch * length, width]` the two agree; sequences of one row
/// and a fixed number of sequences need a reshape each way.
struct SequenceView {
  private let rows: [ONNXDimension]
  private let sequences: [ONNXDimension]

  /// - Throws: ``ONNXError/notExportable(_:)`` for packed rows.
  init(
    _ shape: Shape, layout: TokenLayout.Kind, in lowering: Lowering
  ) throws(ONNXError) {
    rows = lowering.dimensions(of: shape)
    switch layout {
    case .padded: sequences = rows
    case .equal(let length):
      self.sequences = try SequenceView.sequences(of: shape, length: length, in: lowering)
    case .packed:
      throw .notExportable(["rows are packed, which only training needs"])
    }
  }

  private static func sequences(
    of shape: Shape, length: Int, in lowering: Lowering
  ) throws(ONNXError) -> [ONNXDimension] {
    let extent = Extent(shape[0].factor / length, axes: shape[0].axes)
    let count = lowering.dimensions(of: [extent])
    guard count.count == 1 else {
      throw .notExportable(["sequences are counted by a product of axes: \(shape)"])
    }
    return count + [.fixed(length)] + lowering.dimensions(of: [shape.last])
  }

  /// The rows of `name` by sequence.
  func enter(_ name: String, output: String, in lowering: Lowering) throws(ONNXError) -> String {
    try lowering.reshape(name, from: rows, to: sequences, output: output)
  }

  /// Whether the general rule's dimensions are those by sequence.
  var isPlain: Bool { rows == sequences }

  /// From sequences back to rows; call it only if the view is not plain.
  func leave(_ name: String, output: String, in lowering: Lowering) throws(ONNXError) -> String {
    try lowering.reshape(name, from: sequences, to: rows, output: output)
  }

  /// Makes a value by sequence and stores it as rows under the node's name.
  func result(
    of node: LoweringNode, in lowering: Lowering, _ make: (_ output: String) -> String
  ) throws(ONNXError) -> LoweredValue {
    if isPlain { return .named(make(node.output)) }
    return .named(try leave(make(node.step("by_sequence")), output: node.output, in: lowering))
  }
}
