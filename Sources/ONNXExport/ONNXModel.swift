/// An inference graph in ONNX's terms, without the values of its parameters.
///
/// A model is made from a captured graph by
/// ``init(graph:name:outputs:operatorSet:axisNames:axisSizes:metadata:)`` and written by
/// ``write(to:dataSuffix:values:)``, which asks for one parameter's values at a time.
///
/// - Source: ONNX IR specification, versions 7 and 8 of the format.
public struct ONNXModel: Sendable {
  /// A fact that travels with the model: readers see it as custom metadata.
  public struct Metadata: Hashable, Sendable {
    public let key: String
    public let value: String

    public init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }

  static let producer = "duiqi"

  public let name: String
  public let operatorSet: ONNXOperatorSet
  public internal(set) var inputs: [ONNXValue] = []
  public internal(set) var outputs: [ONNXValue] = []
  public var metadata: [Metadata]
  /// In an order in which every value is made before it is read.
  var nodes: [ONNXNode] = []
  var initializers: [ONNXInitializer] = []

  init(name: String, operatorSet: ONNXOperatorSet, metadata: [Metadata]) {
    self.name = name
    self.operatorSet = operatorSet
    self.metadata = metadata
  }
}
