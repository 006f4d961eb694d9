internal import Autodiff

/// An operation's face in exports: itself as ONNX operators.
protocol ONNXLowerable: Operation {
  /// Appends the operators of one node; the last one makes `node.output`.
  ///
  /// - Throws: ``ONNXError/notExportable(_:)`` where this use of the operation has no ONNX form.
  func lowered(_ node: LoweringNode, in lowering: Lowering) throws(ONNXError) -> LoweredValue
}

/// A node of the graph as a lowering sees it.
struct LoweringNode {
  let inputs: [ValueID]
  let inputShapes: [Shape]
  /// Of the first result.
  let shape: Shape
  /// The name that the node's value gets.
  let output: String

  /// A name for a value on the way to the output.
  func step(_ name: String) -> String { "\(output)/\(name)" }
}

/// Walks a graph and gathers what a model is made of.
///
/// A shape's extents become dimensions by one rule: an extent's axes, one dimension each, then its
/// factor, unless that is 1 beside an axis. So rows `[batch * length, width]` are
/// `[batch, length, width]`, picture tokens `[images * 197, width]` are `[batch, 197, width]`, and
/// operations on rows or elements need no reshapes.
final class Lowering {
  let graph: Graph
  let operatorSet: ONNXOperatorSet
  private let axes: [(axis: Axis, dimension: ONNXDimension)]
  private(set) var inputs: [ONNXValue] = []
  private(set) var nodes: [ONNXNode] = []
  private(set) var initializers: [ONNXInitializer] = []
  private var values: [ValueID: LoweredValue] = [:]
  private var initializerNames: Set<String> = []
  private var constants: [ONNXInitializer.Contents: [[Int]: String]] = [:]
  private var constantCount = 0
  private var sharedNames: [String: String] = [:]

  /// - Parameter axes: what becomes of axes that do not keep their names.
  init(
    _ graph: Graph, operatorSet: ONNXOperatorSet, axes: [(axis: Axis, dimension: ONNXDimension)]
  ) {
    self.graph = graph
    self.operatorSet = operatorSet
    self.axes = axes
  }

  // MARK: Values

  /// How a value of this shape is laid out in the model.
  func dimensions(of shape: Shape) -> [ONNXDimension] {
    shape.extents.flatMap { extent -> [ONNXDimension] in
      let axes = extent.axes.map { axis in
        self.axes.first { $0.axis == axis }?.dimension ?? .named(axis.name)
      }
      return extent.factor == 1 && !axes.isEmpty ? axes : axes + [.fixed(extent.factor)]
    }
  }

  func value(_ id: ValueID) -> LoweredValue {
    guard let value = values[id] else {
      preconditionFailure("Value \(id) is read before it is lowered; graphs are in order.")
    }
    return value
  }

  func set(_ id: ValueID, to value: LoweredValue) { values[id] = value }

  /// The value's name in the model; constants and patches become real when first asked for.
  func name(of id: ValueID) throws(ONNXError) -> String {
    switch value(id) {
    case .named(let name): return name
    case .constant(let constant): return name(of: constant)
    case .patches(let pixels, let size):
      let name = try materializePatches(id, pixels: pixels, size: size)
      values[id] = .named(name)
      return name
    }
  }

  /// The name of an initializer with these parameter values.
  func name(of constant: LoweredConstant, isTransposed: Bool = false) -> String {
    let initializer = constant.initializer(isTransposed: isTransposed)
    if initializerNames.insert(initializer.name).inserted { initializers.append(initializer) }
    return initializer.name
  }

  func integers(_ integers: [Int]) -> String {
    name(of: .integers(integers), sizes: [integers.count])
  }

  /// A scalar index.
  func index(_ index: Int) -> String { name(of: .integers([index]), sizes: []) }

  func scalar(_ float: Float) -> String { name(of: .floats([float]), sizes: []) }

  private func name(of contents: ONNXInitializer.Contents, sizes: [Int]) -> String {
    if let name = constants[contents]?[sizes] { return name }
    let name = "constants/\(constantCount)"
    constantCount += 1
    constants[contents, default: [:]][sizes] = name
    initializers.append(ONNXInitializer(name: name, sizes: sizes, contents: contents))
    return name
  }

  // MARK: Nodes

  func declareInput(_ input: ONNXValue) { inputs.append(input) }

  /// Appends an operator and returns its output's name.
  @discardableResult
  func append(
    _ operatorName: String, _ inputs: [String], _ attributes: [ONNXNode.Attribute] = [],
    output: String
  ) -> String {
    nodes.append(
      ONNXNode(
        operatorName: operatorName, inputs: inputs, output: output, attributes: attributes))
    return output
  }

  /// The size of one axis of a value, as a vector of one element.
  func size(ofAxis axis: Int, of name: String, output: String) -> String {
    if operatorSet.hasPartialShape {
      return append(
        "Shape", [name], [.init("start", .integer(axis)), .init("end", .integer(axis + 1))],
        output: output)
    }
    let shape = append("Shape", [name], output: "\(output)/shape")
    let bounds = [[axis], [axis + 1], [0]].map(integers)
    return append("Slice", [shape] + bounds, output: output)
  }

  /// A name that several nodes use, made when first asked for.
  func shared(_ key: String, _ make: (_ output: String) -> String) -> String {
    if let name = sharedNames[key] { return name }
    let name = make(key)
    sharedNames[key] = name
    return name
  }

  /// The same elements under other dimensions; no node where they are the same already.
  ///
  /// Dimensions that stay where they are get copied; one more may be known only when the model
  /// runs.
  func reshape(
    _ name: String, from: [ONNXDimension], to: [ONNXDimension], output: String
  ) throws(ONNXError) -> String {
    if from == to { return name }
    var sizes: [Int] = []
    var openCount = 0
    for (index, dimension) in to.enumerated() {
      switch dimension {
      case .fixed(let size): sizes.append(size)
      case .named where index < from.count && from[index] == dimension: sizes.append(0)
      case .named:
        sizes.append(-1)
        openCount += 1
      }
    }
    guard openCount <= 1 else {
      throw .notExportable(["a view changes more than one dimension that is open: \(output)"])
    }
    return append("Reshape", [name, integers(sizes)], output: output)
  }

  /// Two axes of a matrix exchanged; a parameter is stored so.
  func transposedMatrix(_ id: ValueID, output: String) throws(ONNXError) -> String {
    if case .constant(let constant) = value(id) { return name(of: constant, isTransposed: true) }
    return append(
      "Transpose", [try name(of: id)], [.init("perm", .integers([1, 0]))], output: output)
  }
}
