internal import Autodiff

/// A model input under its label.
extension Input: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    lowering.declareInput(
      ONNXValue(
        name: label, elementType: elementType == .int32 ? .int64 : .float32,
        dimensions: lowering.dimensions(of: shape)))
    return .named(label)
  }
}
