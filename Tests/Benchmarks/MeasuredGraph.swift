internal import Autodiff
internal import CPUDevice

/// A few operations and their gradients as a program of their own, fed with made-up numbers.
final class MeasuredGraph {
  private let program: CPUProgram
  private let plan: Plan
  private let sizes: AxisSizes
  private let integers: [String: [Int32]]
  private var floats: [String: [Float]] = [:]

  /// - Parameters:
  ///   - sizes: of every axis.
  ///   - integers: values of Int32 inputs; Float32 inputs are made up.
  ///   - build: captures the operations; the gradient is taken with respect to `targets`.
  init(
    on device: CPUDevice, sizes: AxisSizes = [:], integers: [String: [Int32]] = [:],
    _ build: (Graph) -> (output: Tensor, targets: [Tensor])
  ) {
    self.sizes = sizes
    self.integers = integers
    let graph = Graph()
    let (output, targets) = build(graph)
    let start = graph.nodes.count
    var outputs = [("output", output)]
    if !targets.isEmpty {
      let gradients = graph.gradients(
        of: output, upstream: graph.input("upstream", output.shape), withRespectTo: targets)
      for (index, gradient) in gradients.enumerated() {
        if let gradient { outputs.append(("gradient \(index)", gradient)) }
      }
    }
    plan = Plan(graph, outputs: outputs, gradientStart: start, capacities: sizes)
    let parameters = device.makeParameters(ParameterLayout(trained: [], locked: []))
    do throws(DeviceError) {
      program = try device.compile(plan, parameters: parameters)
    } catch {
      Console.fail("\(error)")
    }
    for input in plan.inputs where plan.needs(input.id) && integers[input.name] == nil {
      floats[input.name] = Self.numbers(plan[input.id].shape.elementCount(sizes))
    }
  }

  /// Runs both stages once. - Returns: the steps that move anything, in order.
  func run() -> [StepTiming] {
    var timings: [StepTiming] = []
    program.profile = { if $0.byteCount > 0 { timings.append($0) } }
    for input in plan.inputs where plan.needs(input.id) && input.name != "upstream" {
      if let values = integers[input.name] {
        program.set(input.name, to: values)
      } else if let values = floats[input.name] {
        program.set(input.name, to: values)
      }
    }
    program.run(stage: 0, sizes: sizes, randomKey: 1)
    if let upstream = floats["upstream"] {
      program.set("upstream", to: upstream)
      program.run(stage: 1, sizes: sizes, randomKey: 1)
    }
    return timings
  }

  /// Numbers between -2 and 2 without a pattern that a cache or a branch could learn.
  static func numbers(_ count: Int) -> [Float] {
    var state: UInt32 = 12_345
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Float(state >> 8) / Float(1 << 22) - 2
    }
  }
}

extension StepTiming {
  var seconds: Double { Double(nanoseconds) * 1e-9 }
}
