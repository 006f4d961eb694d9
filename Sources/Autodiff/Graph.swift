/// Names one result of one node of a graph.
public struct ValueID: Hashable, Sendable, Comparable {
  public let node: Int
  public let result: Int

  public init(node: Int, result: Int) {
    self.node = node
    self.result = result
  }

  public static func < (left: ValueID, right: ValueID) -> Bool {
    (left.node, left.result) < (right.node, right.result)
  }
}

/// One result of a node: it has a shape and no data yet.
public struct Tensor {
  public let graph: Graph
  public let id: ValueID

  public var shape: Shape { graph.nodes[id.node].shapes[id.result] }
  public var elementType: ElementType {
    (graph.nodes[id.node].operation as? Input)?.elementType ?? .float32
  }
}

/// Model code recorded once: nodes in the order in which they were captured.
///
/// A graph is mutable only while capturing and never leaves the function that captures it;
/// a ``Plan`` made from it is the value that travels.
public final class Graph {
  public struct Node: Sendable {
    public let operation: any Operation
    public let inputs: [ValueID]
    public let shapes: [Shape]
    /// The recomputation segment the node was captured in, if any.
    public let segment: Int?
  }

  public internal(set) var nodes: [Node] = []
  /// What a batch shows of running statistics, see ``observe(_:as:)``.
  public private(set) var observations: [(parameter: Parameter, value: Tensor)] = []
  private var parameterReads: [String: Int] = [:]
  private var dropoutSiteCount: UInt32 = 0
  private var segmentCount = 0
  private var currentSegment: Int?

  public init() {}

  /// Declares a value that a program is given at each run.
  public func input(_ label: String, _ shape: Shape, _ type: ElementType = .float32) -> Tensor {
    outsideSegments { apply(Input(label: label, shape: shape, elementType: type), to: [])[0] }
  }

  /// The parameter's values; a parameter is read once per graph however often it is used.
  public subscript(parameter: Parameter) -> Tensor {
    if let node = parameterReads[parameter.path] {
      return Tensor(graph: self, id: ValueID(node: node, result: 0))
    }
    let tensor = outsideSegments { apply(ParameterRead(parameter: parameter), to: [])[0] }
    parameterReads[parameter.path] = tensor.id.node
    return tensor
  }

  /// The tensor that reads this parameter, if the graph does.
  public func read(of parameter: Parameter) -> Tensor? {
    parameterReads[parameter.path].map { Tensor(graph: self, id: ValueID(node: $0, result: 0)) }
  }

  /// Notes that a batch shows `value` of a running statistic.
  ///
  /// Graphs change no parameters. Who runs the plan reads the value and moves the statistic by the
  /// rule of its role, when the step is certain.
  public func observe(_ parameter: Parameter, as value: Tensor) {
    precondition(
      !parameter.isLearned && parameter.shape == value.shape,
      "\(parameter.path) \(parameter.shape) is no running statistic of \(value.shape).")
    observations.append((parameter, value))
  }

  /// The same number everywhere.
  public func filled(_ value: Float, _ shape: Shape) -> Tensor {
    apply(Fill(value: value, shape: shape), to: [])[0]
  }

  /// Appends a node; its results' shapes follow from the operation's rule.
  @discardableResult
  public func apply(_ operation: any Operation, to inputs: [Tensor]) -> [Tensor] {
    for input in inputs {
      precondition(input.graph === self, "\(operation.name) mixes tensors of two graphs.")
    }
    let shapes = operation.resultShapes(of: inputs.map(\.shape))
    let node = nodes.count
    nodes.append(
      Node(
        operation: operation, inputs: inputs.map(\.id), shapes: shapes, segment: currentSegment))
    return shapes.indices.map { Tensor(graph: self, id: ValueID(node: node, result: $0)) }
  }

  /// A number that no other dropout of this graph has; part of its random key.
  func nextDropoutSite() -> UInt32 {
    defer { dropoutSiteCount += 1 }
    return dropoutSiteCount
  }

  /// Captures `body` as one unit that a recomputation policy may run again before its gradient.
  public func segment<Result>(_ body: () -> Result) -> Result {
    precondition(currentSegment == nil, "Recomputation segments do not nest.")
    currentSegment = segmentCount
    segmentCount += 1
    defer { currentSegment = nil }
    return body()
  }

  /// What comes from outside is never computed again, wherever it is first mentioned.
  private func outsideSegments(_ body: () -> Tensor) -> Tensor {
    let segment = currentSegment
    currentSegment = nil
    defer { currentSegment = segment }
    return body()
  }

  func tensor(_ id: ValueID) -> Tensor { Tensor(graph: self, id: id) }
}
