/// One application of an ONNX operator.
struct ONNXNode: Hashable, Sendable {
  struct Attribute: Hashable, Sendable {
    enum Value: Hashable, Sendable {
      case integer(Int)
      case integers([Int])
      case float(Float)
    }

    let name: String
    let value: Value

    init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }

  /// As ONNX spells it: `MatMul`.
  let operatorName: String
  let inputs: [String]
  let output: String
  let attributes: [Attribute]
}
