/// A model's input or output: its name, element type and dimensions.
public struct ONNXValue: Hashable, Sendable {
  public let name: String
  public let elementType: ONNXElementType
  public let dimensions: [ONNXDimension]
}

/// One dimension of a value.
public enum ONNXDimension: Hashable, Sendable {
  case fixed(Int)
  /// Known when the model runs; dimensions of one name are equal.
  case named(String)
}

/// What an element is, with ONNX's number for it.
public enum ONNXElementType: Int32, Hashable, Sendable {
  /// One that duiqi does not write.
  case other = 0
  case float32 = 1
  case int64 = 7
}
