public import Autodiff

/// An operation's face on the reference device: the formula of its documentation as plain loops.
public protocol ReferenceExecutable: Operation {
  /// All results, whether or not anybody reads them.
  func evaluate(_ inputs: [ReferenceArray], in context: ReferenceContext) -> [ReferenceArray]
}

/// What an operation is given besides its values.
public struct ReferenceContext: Sendable {
  /// The sizes of every result in this run.
  public let resultSizes: [[Int]]
  public let randomKey: UInt64
}

/// Runs a plan in Double, value by value, without regard to where the plan places anything.
///
/// It is slow and simple on purpose: what other devices and the gradients are compared with.
public struct ReferenceDevice: Device {
  public init() {}

  public func makeParameters(_ layout: ParameterLayout) -> ReferenceParameters {
    ReferenceParameters(layout)
  }

  public func compile(
    _ plan: Plan, parameters: ReferenceParameters
  ) throws(DeviceError) -> ReferenceProgram {
    let operations = plan.steps.map(\.operation)
    let unsupported = Set(operations.filter { !($0 is any ReferenceExecutable) }.map(\.name))
    guard unsupported.isEmpty else {
      throw .unsupportedOperations(device: "The reference device", names: unsupported.sorted())
    }
    return ReferenceProgram(plan, parameters: parameters)
  }
}

/// Parameters and gradients in Double.
public final class ReferenceParameters: ParameterStorage {
  public let layout: ParameterLayout
  private var stored: [String: [Double]] = [:]
  private var gradients: [String: [Double]] = [:]

  init(_ layout: ParameterLayout) {
    self.layout = layout
    for entry in layout.entries {
      stored[entry.parameter.path] = [Double](repeating: 0, count: entry.parameter.elementCount)
    }
    clearGradients()
  }

  public func setValues(_ values: [Float], of path: String) {
    setDoubles(values.map(Double.init), of: path)
  }

  public func setDoubles(_ values: [Double], of path: String) {
    precondition(doubles(of: path).count == values.count, "\(values.count) values for \(path).")
    stored[path] = values
  }

  public func doubles(of path: String) -> [Double] {
    guard let values = stored[path] else { preconditionFailure("There is no parameter \(path).") }
    return values
  }

  public func gradientDoubles(of path: String) -> [Double] {
    guard let values = gradients[path] else { preconditionFailure("\(path) is not trained.") }
    return values
  }

  public func values(of path: String) -> [Float] { doubles(of: path).map(Float.init) }
  public func gradient(of path: String) -> [Float] { gradientDoubles(of: path).map(Float.init) }

  public func clearGradients() {
    for entry in layout.entries where entry.isTrained {
      gradients[entry.parameter.path] = [Double](
        repeating: 0, count: entry.parameter.elementCount)
    }
  }

  func accumulate(_ share: ReferenceArray, into path: String) {
    let sum = zip(gradientDoubles(of: path), share.values).map { $0 + $1 }
    gradients[path] = sum
  }
}

/// A plan and the values of its last run.
public final class ReferenceProgram: ExecutableProgram {
  public typealias Parameters = ReferenceParameters

  public let plan: Plan
  private let parameters: ReferenceParameters
  private var given: [String: [Double]] = [:]
  private var values: [ValueID: ReferenceArray] = [:]

  init(_ plan: Plan, parameters: ReferenceParameters) {
    self.plan = plan
    self.parameters = parameters
  }

  public func set(_ input: String, to values: UnsafeBufferPointer<Float>) {
    setDoubles(input, to: values.map(Double.init))
  }

  public func set(_ input: String, to values: UnsafeBufferPointer<Int32>) {
    setDoubles(input, to: values.map(Double.init))
  }

  public func setDoubles(_ input: String, to values: [Double]) {
    precondition(
      plan.inputs.contains { $0.name == input }, "\(input) is not an input of this plan.")
    given[input] = values
  }

  public func run(stage: Int, sizes: AxisSizes, randomKey: UInt64) {
    if stage == 0 { values = [:] }
    let steps = plan.steps.filter { $0.stage == stage }
    for input in plan.inputs {
      if let elements = given[input.name] {
        values[input.id] = ReferenceArray(
          sizes: plan[input.id].shape.sizes(sizes), values: elements)
      }
    }
    for step in steps {
      let inputs = step.inputs.map { value(of: $0) }
      let shapes = step.operation.resultShapes(of: step.inputs.map { plan[$0].shape })
      let context = ReferenceContext(
        resultSizes: shapes.map { $0.sizes(sizes) }, randomKey: randomKey)
      guard let operation = step.operation as? any ReferenceExecutable else {
        preconditionFailure("\(step.operation.name) was checked by ReferenceDevice.compile.")
      }
      let results = operation.evaluate(inputs, in: context)
      precondition(
        results.map(\.sizes) == context.resultSizes,
        "\(operation.name) gives \(results.map(\.sizes)), declared \(context.resultSizes).")
      for (id, result) in zip(step.results, results) {
        values[id] = result
        for gradient in plan.gradients where gradient.id == id {
          parameters.accumulate(result, into: gradient.name)
        }
      }
    }
  }

  public func doubles(of output: String) -> [Double] {
    guard let named = plan.outputs.first(where: { $0.name == output }) else {
      preconditionFailure("\(output) is not an output of this plan.")
    }
    return value(of: named.id).values
  }

  public func withValues<Result>(
    of output: String, _ body: (UnsafeBufferPointer<Float>) -> Result
  ) -> Result {
    doubles(of: output).map(Float.init).withUnsafeBufferPointer(body)
  }

  private func value(of id: ValueID) -> ReferenceArray {
    if case .parameter(let path, _) = plan[id].placement, values[id] == nil {
      let sizes = plan[id].shape.extents.map { $0.fixed ?? 0 }
      return ReferenceArray(sizes: sizes, values: parameters.doubles(of: path))
    }
    guard let value = values[id] else {
      preconditionFailure("Value \(id) is read before it is computed or set.")
    }
    return value
  }
}
