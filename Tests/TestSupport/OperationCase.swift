public import Autodiff

/// A small piece of model code with everything that a run of it needs, for any device.
public struct OperationCase: Sendable {
  public let name: String
  public let sizes: AxisSizes
  /// Values of the Int32 inputs.
  public let ids: [String: [Int32]]
  /// Float inputs with given values, such as masks; they are not differentiated.
  public let constants: [String: [Float]]
  /// How far a Float32 device may be from the reference; see ``Tolerance``.
  public let tolerance: Tolerance
  public let randomKey: UInt64
  private let build: @Sendable (OperationCapture) -> Tensor

  public init(
    _ name: String, sizes: AxisSizes = [:], ids: [String: [Int32]] = [:],
    constants: [String: [Float]] = [:], tolerance: Tolerance = .elementwise,
    build: @escaping @Sendable (OperationCapture) -> Tensor
  ) {
    self.name = name
    self.sizes = sizes
    self.ids = ids
    self.constants = constants
    self.tolerance = tolerance
    self.build = build
    randomKey = 0x0123_4567_89AB_CDEF
  }

  /// The case as a plan of two stages with named outputs.
  public func captured(
    placement: Plan.PlacementPolicy = .arena, recomputation: RecomputationPolicy = .none,
    capacities: AxisSizes? = nil
  ) -> CapturedCase {
    let capture = OperationCapture(constants: Set(constants.keys))
    let result = build(capture)
    let graph = capture.graph
    // The loss is sum(result * weights), so the weights are what reaches the result.
    let weights = graph.input(CapturedCase.weights, result.shape)
    let start = graph.nodes.count
    let targets = capture.targets
    let gradients = graph.gradients(
      of: result, upstream: weights, withRespectTo: targets.map(\.tensor))
    var outputs = [(name: CapturedCase.result, tensor: result)]
    var parameterGradients: [(parameter: Parameter, tensor: Tensor)] = []
    for (target, gradient) in zip(targets, gradients) {
      guard let gradient else { preconditionFailure("\(name) does not depend on \(target.label).") }
      outputs.append((CapturedCase.gradient(of: target.label), gradient))
      if let parameter = target.parameter { parameterGradients.append((parameter, gradient)) }
    }
    let plan = Plan(
      graph, outputs: outputs, gradients: parameterGradients, gradientStart: start,
      capacities: capacities ?? sizes, recomputation: recomputation, placement: placement)
    return CapturedCase(
      source: self, plan: plan, operations: graph.nodes.map(\.operation),
      forwardOperations: graph.nodes[..<start].map(\.operation),
      targets: targets.map { ($0.label, $0.tensor.shape, $0.parameter) }, result: result.shape)
  }
}

/// Declares the inputs and parameters of a case and remembers what is differentiated.
public final class OperationCapture {
  public let graph = Graph()
  private let constants: Set<String>
  private(set) var targets: [(label: String, tensor: Tensor, parameter: Parameter?)] = []

  init(constants: Set<String>) {
    self.constants = constants
  }

  /// A Float32 input; its values are drawn from the label unless the case gives them.
  public func floats(_ label: String, _ shape: Shape) -> Tensor {
    let tensor = graph.input(label, shape)
    if !constants.contains(label) { targets.append((label, tensor, nil)) }
    return tensor
  }

  /// An Int32 input, whose values the case gives.
  public func ids(_ label: String, _ shape: Shape) -> Tensor {
    graph.input(label, shape, .int32)
  }

  public func parameter(_ path: String, _ sizes: [Int]) -> Tensor {
    let parameter = Parameter(path: path, sizes: sizes, initializer: .zeros)
    let tensor = graph[parameter]
    targets.append((path, tensor, parameter))
    return tensor
  }
}

/// A captured case: its plan, what was differentiated, and its values.
public struct CapturedCase {
  public static let weights = "result weights"
  public static let result = "result"
  public static func gradient(of target: String) -> String { "gradient of \(target)" }

  public let source: OperationCase
  public let plan: Plan
  /// Of all nodes, the gradient's included.
  public let operations: [any Operation]
  public let forwardOperations: [any Operation]
  public let targets: [(label: String, shape: Shape, parameter: Parameter?)]
  public let result: Shape

  public var parameterLayout: ParameterLayout {
    ParameterLayout(trained: targets.compactMap(\.parameter), locked: [])
  }

  /// Values in -1.5 ... 1.5 that depend on the label alone.
  public func values(of label: String, count: Int) -> [Float] {
    if let given = source.constants[label] { return given }
    var generator = SeededGenerator(seed: 7, label: label)
    return generator.floats(count)
  }

  /// Gives a program all inputs of one stage; those that only the gradient reads come second.
  public func setInputs<Program: ExecutableProgram>(
    of program: Program, stage: Int, sizes: AxisSizes? = nil, ids: [String: [Int32]]? = nil
  ) {
    let sizes = sizes ?? source.sizes
    for input in plan.inputs where (input.name == CapturedCase.weights) == (stage == 1) {
      guard plan.needs(input.id) else { continue }
      if let ids = (ids ?? source.ids)[input.name] {
        program.set(input.name, to: ids)
      } else {
        let count = plan[input.id].shape.elementCount(sizes)
        program.set(input.name, to: values(of: input.name, count: count))
      }
    }
  }

  /// Gives the parameters their values.
  public func setParameters(_ parameters: some ParameterStorage) {
    for parameter in targets.compactMap(\.parameter) {
      parameters.setValues(
        values(of: parameter.path, count: parameter.elementCount), of: parameter.path)
    }
  }
}
