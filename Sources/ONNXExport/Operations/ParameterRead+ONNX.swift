internal import Autodiff

/// Nothing until a node reads it: views and transposes of it are folded.
extension ParameterRead: ONNXLowerable {
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue {
    .constant(LoweredConstant(parameter))
  }
}
