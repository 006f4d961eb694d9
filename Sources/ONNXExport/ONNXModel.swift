/// An inference graph in ONNX's terms, without the values of its parameters.
///
/// A model is made from a captured graph by ``init(graph:name:outputs:axisNames:metadata:)`` and
/// written by ``write(to:values:)``, which asks for one parameter's values at a time.
///
/// - Source: ONNX IR specification, version 8 of the format, operator set 17.
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

  /// The oldest format that operator set 17 needs, so that old runtimes load it too.
  static let formatVersion: Int64 = 8
  /// The first operator set with LayerNormalization.
  static let operatorSet: Int64 = 17
  static let producer = "duiqi"

  public let name: String
  public internal(set) var inputs: [ONNXValue] = []
  public internal(set) var outputs: [ONNXValue] = []
  public var metadata: [Metadata]
  /// In an order in which every value is made before it is read.
  var nodes: [ONNXNode] = []
  var initializers: [ONNXInitializer] = []

  init(name: String, metadata: [Metadata]) {
    self.name = name
    self.metadata = metadata
  }
}
