/// An executable order with a place for every value. A value itself: printable and Sendable.
///
/// Two plans of one graph compute the same bits whatever their placement; `.separate`, which
/// shares nothing, is the oracle that `.arena` is tested against.
public struct Plan: Sendable {
  public struct Step: Sendable {
    public let operation: any Operation
    public let inputs: [ValueID]
    public let results: [ValueID]
    /// 0 for what comes before the gradient, 1 for the gradient.
    public let stage: Int
  }

  /// What the plan knows of one value.
  public struct Value: Sendable {
    public let shape: Shape
    public let elementType: ElementType
    public internal(set) var placement: Placement
  }

  public struct NamedValue: Sendable {
    public let name: String
    public let id: ValueID
  }

  /// How storage is given out.
  public enum PlacementPolicy: Hashable, Sendable {
    /// One arena; storage is reused, replaced and aliased, steps run in groups.
    case arena
    /// Every value and every step on its own in the order of capture, views copied.
    case separate
  }

  public internal(set) var steps: [Step] = []
  /// All steps cut into stretches; those of one stretch may run together, block of rows after
  /// block of rows. See ``groupRows(limit:)``.
  public internal(set) var groups: [Range<Int>] = []
  public internal(set) var inputs: [NamedValue] = []
  public internal(set) var outputs: [NamedValue] = []
  /// Parameter gradients, added to the gradient arena as soon as they are computed.
  public internal(set) var gradients: [NamedValue] = []
  /// The largest size each axis may take.
  public let capacities: AxisSizes
  public internal(set) var arenaByteCount = 0
  var values: [ValueID: Value] = [:]

  /// Plans the part of a graph that `outputs` and `gradients` need.
  ///
  /// - Parameters:
  ///   - gradientStart: the number of nodes before the gradient was captured; from there on steps
  ///     form stage 1, so that a program can be given an upstream gradient between the stages.
  ///   - recomputation: which values stage 1 computes again.
  public init(
    _ graph: Graph, outputs: [(name: String, tensor: Tensor)],
    gradients: [(parameter: Parameter, tensor: Tensor)] = [], gradientStart: Int? = nil,
    capacities: AxisSizes, recomputation: RecomputationPolicy = .none,
    placement: PlacementPolicy = .arena
  ) {
    self.capacities = capacities
    var graph = graph
    var start = gradientStart ?? graph.nodes.count
    var outputs = outputs.map { NamedValue(name: $0.name, id: $0.tensor.id) }
    var gradients = gradients.map { NamedValue(name: $0.parameter.path, id: $0.tensor.id) }
    if recomputation == .segments, gradientStart != nil {
      let rewritten = graph.recomputed(gradientStart: start)
      func moved(_ named: NamedValue) -> NamedValue {
        guard let id = rewritten.values[named.id] else {
          preconditionFailure("Value \(named.name) was lost in the rewrite.")
        }
        return NamedValue(name: named.name, id: id)
      }
      start = rewritten.firstGradientNode
      graph = rewritten.graph
      outputs = outputs.map(moved)
      gradients = gradients.map(moved)
    }
    self.outputs = outputs
    self.gradients = gradients
    order(graph, gradientStart: start)
    groups = steps.indices.map { $0..<$0 + 1 }
    if placement == .arena { groupRows() }
    place(policy: placement)
  }

  public subscript(id: ValueID) -> Value {
    guard let value = values[id] else {
      preconditionFailure("Value \(id) is not part of this plan.")
    }
    return value
  }

  /// Whether anything reads the value, or the caller asked for it.
  public func needs(_ id: ValueID) -> Bool { values[id] != nil }

  /// Lists the needed nodes in capture order and declares their needed values.
  private mutating func order(_ graph: Graph, gradientStart: Int) {
    var isNeeded = [Bool](repeating: false, count: graph.nodes.count)
    var needed: Set<ValueID> = []
    for named in outputs + gradients {
      isNeeded[named.id.node] = true
      needed.insert(named.id)
    }
    for index in graph.nodes.indices.reversed() where isNeeded[index] {
      for input in graph.nodes[index].inputs {
        isNeeded[input.node] = true
        needed.insert(input)
      }
    }
    for (index, node) in graph.nodes.enumerated() where isNeeded[index] {
      let results = node.shapes.indices.map { ValueID(node: index, result: $0) }
      for id in results where needed.contains(id) {
        let type = (node.operation as? Input)?.elementType ?? .float32
        values[id] = Value(
          shape: node.shapes[id.result], elementType: type, placement: .arena(byteOffset: 0))
      }
      switch node.operation {
      case let input as Input:
        inputs.append(NamedValue(name: input.label, id: results[0]))
      case let read as ParameterRead:
        values[results[0]]?.placement = .parameter(path: read.parameter.path, elementOffset: 0)
      default:
        steps.append(
          Step(
            operation: node.operation, inputs: node.inputs, results: results,
            stage: index < gradientStart ? 0 : 1))
      }
    }
  }
}

/// Where a value lies.
public enum Placement: Hashable, Sendable {
  case arena(byteOffset: Int)
  case parameter(path: String, elementOffset: Int)
}
