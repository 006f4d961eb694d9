extension ONNXModel {
  /// Makes a model find out by itself where a text ends: an input of zeros and ones is no longer
  /// given but computed, 1 wherever an id is not that of padding.
  ///
  /// - Parameters:
  ///   - mask: the input that goes, int64, of the shape of the ids.
  ///   - ids: the input that it is computed from.
  public mutating func computeMask(_ mask: String, from ids: String, paddingID: Int) {
    precondition(
      inputs.contains { $0.name == mask } && inputs.contains { $0.name == ids },
      "`\(mask)` and `\(ids)` are not both inputs of \(name).")
    inputs.removeAll { $0.name == mask }
    let padding = "\(mask)/padding_id"
    initializers.append(
      ONNXInitializer(name: padding, sizes: [], contents: .integers([paddingID])))
    nodes =
      [
        ONNXNode(
          operatorName: "Equal", inputs: [ids, padding], output: "\(mask)/is_padding",
          attributes: []),
        ONNXNode(
          operatorName: "Not", inputs: ["\(mask)/is_padding"], output: "\(mask)/is_token",
          attributes: []),
        ONNXNode(
          operatorName: "Cast", inputs: ["\(mask)/is_token"], output: mask,
          attributes: [.init("to", .integer(Int(ONNXElementType.int64.rawValue)))]),
      ] + nodes
  }
}
